// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// No waitable thing at all: the producer's ring sends the slot's number to the loop's ring as a message.
#pragma once

#include <memory>

#include "rivals/signal/interface.hpp"
#include "rivals/signal/uring.hpp"

namespace chime::bench {

template <class Handler>
class uring_msg_ring_loop {
 public:
  static constexpr const char* name = "uring-msg-ring";

  uring_msg_ring_loop(layout, Handler& handler) : handler_(handler) {}
  void open() { ring_ = std::make_unique<uring>(256, uring::for_a_loop); }
  void close() { ring_.reset(); }
  void arm(unsigned) {}
  void poll(bool may_block) {
    ring_->poll(may_block, [this](std::uint64_t slot, int) { handler_(static_cast<unsigned>(slot)); });
  }

  class producer {
   public:
    producer(uring_msg_ring_loop& loop, unsigned)
        : target_(loop.ring_->descriptor()), ring_(64, IORING_SETUP_SINGLE_ISSUER) {}
    void signal(unsigned slot) {
      io_uring_sqe& message = ring_.entry();
      io_uring_prep_msg_ring(&message, target_, 0, slot, 0);
      message.flags |= IOSQE_CQE_SKIP_SUCCESS;
      ring_.submit();
      // Success is silent; what completes has failed.
      if (ring_.has_completions()) {
        ring_.poll(false, [](std::uint64_t, int result) { checked_code(result, "MSG_RING"); });
      }
    }

   private:
    int target_;
    uring ring_;
  };

 private:
  Handler& handler_;
  std::unique_ptr<uring> ring_;
};

}  // namespace chime::bench
