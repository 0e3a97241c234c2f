// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// chime's protocol with nothing around it: events come back by a single-producer ring, which is their producer's
/// stock.
#pragma once

#include <stdexcept>
#include <vector>

#include "rivals/signal/chime_bare.hpp"

namespace chime::bench {

template <class Handler>
class chime_bare_cycle {
 public:
  static constexpr const char* name = "chime-bare";

  chime_bare_cycle(unsigned in_flight, Handler& handler)
      : handler_(handler), events_(in_flight * 2), home_(in_flight * 2) {
    for (bare_event& e : events_) {
      e.home = &home_;
      home_.stage(&e);
    }
    home_.publish();
  }
  void open() {}
  void close() {}
  void poll() { loop_.poll(); }

  class producer {
   public:
    explicit producer(chime_bare_cycle& cycle) : cycle_(cycle) {}
    void use() {
      bare_event* e = nullptr;
      if (!cycle_.home_.take_one(e)) throw std::runtime_error("no event is free");
      e->function = completed;
      e->context = &cycle_;
      // Nobody else can reach the event before its first signal, so it is armed by a plain store.
      const std::uint64_t generation = e->generation();
      e->set(generation, bare_event::armed);
      cycle_.loop_.signal(*e, generation);
    }

   private:
    chime_bare_cycle& cycle_;
  };

 private:
  static void completed(void* self, bare_event& e) {
    auto& cycle = *static_cast<chime_bare_cycle*>(self);
    cycle.handler_();
    cycle.loop_.release(e);
  }

  Handler& handler_;
  std::vector<bare_event> events_;
  published_ring<bare_event*> home_;
  bare_loop loop_;
};

}  // namespace chime::bench
