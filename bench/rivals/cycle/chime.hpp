// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// chime itself: events from a cache, released inside their completions.
#pragma once

#include <chime/chime.hpp>
#include <system_error>
#include <utility>

#include "rivals/signal/chime.hpp"

namespace chime::bench {

template <class Handler, class Kind>
class chime_cycle_of {
 public:
  static constexpr const char* name = Kind::name;

  /// A cache keeps some of the pool's events for itself, hence more of them than are in flight.
  chime_cycle_of(unsigned in_flight, Handler& handler)
      : handler_(handler), parts_(in_flight + static_cast<unsigned>(event_cache::limit)) {}
  void open() {}
  void close() {}
  void poll() { parts_.poll(false); }

  class producer {
   public:
    explicit producer(chime_cycle_of& loop) : loop_(loop), cache_(loop.parts_.pool) {}
    void use() {
      event ev = cache_.acquire().value();
      const ticket signaller = ev.get_ticket();
      std::move(ev).submit({completed, &loop_});
      signaller.signal();
    }

   private:
    chime_cycle_of& loop_;
    event_cache cache_;
  };

 private:
  static void completed(void* self, completion&& done) {
    if (done.error) throw std::system_error(done.error, "wait for an event");
    static_cast<chime_cycle_of*>(self)->handler_();
    done.ev.reset();
  }

  Handler& handler_;
  chime_parts<Kind> parts_;
};
template <class Handler>
using chime_cycle = chime_cycle_of<Handler, user_space>;
template <class Handler>
using chime_native_cycle = chime_cycle_of<Handler, native_events>;

}  // namespace chime::bench
