// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// One event of chime's for each slot, submitted again by its own completion, whatever drives the loop.
#pragma once

#include <chime/chime.hpp>

#include <system_error>
#include <utility>
#include <vector>

#include "rivals/signal/interface.hpp"

namespace chime::bench {

/// The value, or its error as an exception.
template <class T>
T checked(result<T> value, const char* call) {
  if (!value) throw std::system_error(value.error(), call);
  if constexpr (!std::is_void_v<T>) return std::move(*value);
}

/// Has the tickets for itself: a signaller need not read what the loop writes.
class ticket_producer {
 public:
  explicit ticket_producer(std::vector<ticket> tickets) : tickets_(std::move(tickets)) {}
  void signal(unsigned slot) { tickets_[slot].signal(); }

 private:
  std::vector<ticket> tickets_;
};

template <class Handler>
class event_slots {
 public:
  event_slots(event_pool& pool, layout l, Handler& handler) : pool_(pool), handler_(handler), slots_(l.total()) {
    for (unsigned i = 0; i < slots_.size(); ++i) {
      slot_state& slot = slots_[i];
      slot.owner = this;
      slot.number = i;
      slot.ev = checked(pool.acquire(), "event_pool::acquire");
      tickets_.push_back(slot.ev.get_ticket());
    }
  }
  void arm(unsigned slot) { std::move(slots_[slot].ev).submit({completed, &slots_[slot]}); }
  [[nodiscard]] const std::vector<ticket>& tickets() const { return tickets_; }
  /// Ends what is armed, which is all.
  template <class Poll>
  void cancel_all(Poll poll) {
    pool_.cancel_all();
    while (cancelled_ != slots_.size()) poll();
  }

 private:
  struct slot_state {
    event_slots* owner = nullptr;
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

  event_pool& pool_;
  Handler& handler_;
  std::vector<slot_state> slots_;
  std::vector<ticket> tickets_;
  std::size_t cancelled_ = 0;
};

}  // namespace chime::bench
