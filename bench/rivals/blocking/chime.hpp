// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// chime's blocking waits. "chime": one event for each side, waited for again and again. "chime-cache": a new event for
/// each wait, whose ticket goes to the other side with the signal, as the place for an answer goes with a request.
#pragma once

#include <chime/chime.hpp>

#include <array>
#include <utility>

#include "rivals/blocking/interface.hpp"
#include "rivals/signal/chime.hpp"

namespace chime::bench {

class chime_pair {
 public:
  static constexpr const char* name = "chime";

  chime_pair() {
    checked(pool_.open({.initial_capacity = 2}), "event_pool::open");
    for (event& each : events_) each = checked(pool_.acquire(), "event_pool::acquire");
  }

  class side {
   public:
    side(chime_pair& pair, unsigned who) : mine_(pair.events_[who]), other_(pair.events_[1 - who].get_ticket()) {}
    void signal() { other_.signal(); }
    void wait() { checked(mine_.wait(), "event::wait"); }

   private:
    event& mine_;
    ticket other_;
  };

 private:
  event_pool pool_;
  std::array<event, 2> events_;
};

class chime_cache_pair {
  /// Written by its side before that signals, read by the other after it was woken by it.
  struct alignas(apart) slot {
    ticket name;
  };

 public:
  static constexpr const char* name = "chime-cache";

  chime_cache_pair() { checked(pool_.open({.initial_capacity = 128}), "event_pool::open"); }

  class side {
   public:
    side(chime_cache_pair& pair, unsigned who)
        : cache_(pair.pool_), mine_(pair.slots_[who]), other_(pair.slots_[1 - who]) {
      renew();
    }
    void signal() { other_.name.signal(); }
    void wait() {
      checked(event_.wait(), "event::wait");
      event_.reset();
      renew();
    }

   private:
    void renew() {
      event_ = checked(cache_.acquire(), "event_cache::acquire");
      mine_.name = event_.get_ticket();
    }

    event_cache cache_;
    event event_;
    slot& mine_;
    slot& other_;
  };

 private:
  event_pool pool_;
  std::array<slot, 2> slots_;
};

}  // namespace chime::bench
