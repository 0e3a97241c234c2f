// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The limit for any transport: one ring of slot numbers from each producer, which the loop looks at for ever.
#pragma once

#include <vector>

#include "rivals/signal/interface.hpp"
#include "rivals/signal/published_ring.hpp"

namespace chime::bench {

template <class Handler>
class spinning_ring_loop {
 public:
  static constexpr const char* name = "spinning-ring";

  spinning_ring_loop(layout l, Handler& handler) : handler_(handler) {
    rings_.reserve(l.producers);
    for (unsigned i = 0; i < l.producers; ++i) rings_.emplace_back(l.slots_each);
  }
  void open() {}
  void close() {}
  void arm(unsigned) {}
  void poll(bool) {
    for (slot_ring& ring : rings_) ring.take_all([this](unsigned slot) { handler_(slot); });
  }

  class producer {
   public:
    producer(spinning_ring_loop& loop, unsigned index) : ring_(loop.rings_[index]) {}
    void signal(unsigned slot) {
      ring_.stage(slot);
      ring_.publish();
    }

   private:
    slot_ring& ring_;
  };

 private:
  Handler& handler_;
  std::vector<slot_ring> rings_;
};

}  // namespace chime::bench
