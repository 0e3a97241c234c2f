// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// chime as a guest of somebody else's loop, whatever drives it: one event for each slot, submitted again by its own
/// completion.
#pragma once

#include <chime/chime.hpp>

#include <vector>

#include "rivals/signal/chime.hpp"
#include "rivals/signal/interface.hpp"

namespace chime::bench {

template <class Handler>
class guest_parts {
 public:
  guest_parts(layout l, Handler& handler) : handler_(handler), slots_(l.total()) {
    checked(loop.open({.guest = true}), "proactor::open");
    checked(pool.open(loop, {.initial_capacity = l.total()}), "event_pool::open");
    for (unsigned i = 0; i < slots_.size(); ++i) {
      slot_state& slot = slots_[i];
      slot.owner = this;
      slot.number = i;
      slot.ev = checked(pool.acquire(), "event_pool::acquire");
      tickets_.push_back(slot.ev.get_ticket());
    }
  }
  void arm(unsigned slot) { std::move(slots_[slot].ev).submit({completed, &slots_[slot]}); }
  void cancel_all() { pool.cancel_all(); }
  [[nodiscard]] bool all_cancelled() const { return cancelled_ == slots_.size(); }

  /// Has the tickets for itself: a signaller need not read what the loop writes.
  class producer {
   public:
    explicit producer(const guest_parts& parts) : tickets_(parts.tickets_) {}
    void signal(unsigned slot) { tickets_[slot].signal(); }

   private:
    std::vector<ticket> tickets_;
  };

  proactor loop;
  event_pool pool;

 private:
  struct slot_state {
    guest_parts* owner = nullptr;
    event ev;
    unsigned number = 0;
  };
  static void completed(void* context, completion&& done) {
    auto& slot = *static_cast<slot_state*>(context);
    if (done.error == errc::cancelled) {
      ++slot.owner->cancelled_;
      return;
    }
    if (done.error) throw std::system_error(done.error, "wait for an event");
    slot.ev = std::move(done.ev);
    slot.owner->handler_(slot.number);
  }

  Handler& handler_;
  std::vector<slot_state> slots_;
  std::vector<ticket> tickets_;
  std::size_t cancelled_ = 0;
};

}  // namespace chime::bench
