// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// libevent: one event without a descriptor for each slot, made active by the producer.
#pragma once

#include <event2/event.h>
#include <event2/thread.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "rivals/signal/interface.hpp"

namespace chime::bench {

template <class Handler>
class libevent_loop {
 public:
  static constexpr const char* name = "libevent";

  libevent_loop(layout l, Handler& handler) : handler_(handler), slots_(l.total()) {
    if (evthread_use_pthreads() != 0) throw std::runtime_error("evthread_use_pthreads failed");
    base_.reset(event_base_new());
    if (base_ == nullptr) throw std::runtime_error("event_base_new failed");
    for (unsigned i = 0; i < slots_.size(); ++i) {
      slots_[i].owner = this;
      slots_[i].number = i;
      slots_[i].event.reset(event_new(base_.get(), -1, EV_READ, signalled, &slots_[i]));
      if (slots_[i].event == nullptr) throw std::runtime_error("event_new failed");
    }
  }
  void open() {}
  void close() {}
  void arm(unsigned) {}
  void poll(bool may_block) {
    const int how = EVLOOP_NO_EXIT_ON_EMPTY | (may_block ? EVLOOP_ONCE : EVLOOP_NONBLOCK);
    if (event_base_loop(base_.get(), how) < 0) throw std::runtime_error("event_base_loop failed");
  }

  class producer {
   public:
    producer(libevent_loop& loop, unsigned) : loop_(loop) {}
    void signal(unsigned slot) { event_active(loop_.slots_[slot].event.get(), EV_READ, 1); }

   private:
    libevent_loop& loop_;
  };

 private:
  struct base_free {
    void operator()(event_base* base) const { event_base_free(base); }
  };
  struct event_free_function {
    void operator()(::event* e) const { ::event_free(e); }
  };
  struct slot_state {
    std::unique_ptr<::event, event_free_function> event;
    libevent_loop* owner = nullptr;
    unsigned number = 0;
  };
  static void signalled(evutil_socket_t, short, void* context) {
    auto& slot = *static_cast<slot_state*>(context);
    slot.owner->handler_(slot.number);
  }

  Handler& handler_;
  std::unique_ptr<event_base, base_free> base_;  // outlives the events
  std::vector<slot_state> slots_;
};

}  // namespace chime::bench
