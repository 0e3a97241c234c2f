// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// One eventfd for each slot; a wait is a POLL linked to a READ, and only the READ completes visibly.
#pragma once

#include <memory>
#include <vector>

#include "rivals/signal/eventfd.hpp"
#include "rivals/signal/interface.hpp"
#include "rivals/signal/uring.hpp"

namespace chime::bench {

/// Where the READ of an eventfd puts its count; it must live until the READ has completed.
using event_count = std::uint64_t;

/// A wait for `descriptor` that completes with `value`.
inline void wait_linked(uring& ring, const event_descriptor& descriptor, event_count& count, std::uint64_t value) {
  io_uring_sqe& watch = ring.entry();
  io_uring_prep_poll_add(&watch, descriptor.get(), POLLIN);
  watch.flags |= IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
  watch.user_data = value;
  io_uring_sqe& read = ring.entry();
  io_uring_prep_read(&read, descriptor.get(), &count, sizeof count, 0);
  read.user_data = value;
}

template <class Handler>
class uring_linked_loop {
 public:
  static constexpr const char* name = "uring-linked";

  uring_linked_loop(layout l, Handler& handler) : handler_(handler), slots_(l.total()) {}
  void open() { ring_ = std::make_unique<uring>(256, uring::for_a_loop); }
  void close() { ring_.reset(); }
  void arm(unsigned slot) { wait_linked(*ring_, slots_[slot].descriptor, slots_[slot].count, slot); }
  void poll(bool may_block) {
    ring_->poll(may_block, [this](std::uint64_t slot, int result) {
      checked_code(result, "POLL and READ of an eventfd");
      handler_(static_cast<unsigned>(slot));
    });
  }

  class producer {
   public:
    producer(uring_linked_loop& loop, unsigned) : loop_(loop) {}
    void signal(unsigned slot) { loop_.slots_[slot].descriptor.write(); }

   private:
    uring_linked_loop& loop_;
  };

 private:
  struct slot_state {
    event_descriptor descriptor;
    event_count count = 0;
  };
  Handler& handler_;
  std::vector<slot_state> slots_;
  std::unique_ptr<uring> ring_;
};

}  // namespace chime::bench
