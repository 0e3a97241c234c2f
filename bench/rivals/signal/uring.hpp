// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A ring with an owner, polled as cheaply as its kind allows: what the io_uring rivals share.
#pragma once

#include <liburing.h>

#include <stdexcept>

#include "rivals/signal/interface.hpp"

namespace chime::bench {

class uring {
 public:
  /// The fastest kind for a loop: completions run only when the loop asks, and a flag in memory says that it should.
  static constexpr unsigned for_a_loop =
      IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG;

  /// On the thread that will submit.
  uring(unsigned entries, unsigned flags) {
    checked_code(io_uring_queue_init(entries, &ring_, flags), "io_uring_setup");
  }
  uring(const uring&) = delete;
  uring& operator=(const uring&) = delete;
  ~uring() { io_uring_queue_exit(&ring_); }

  [[nodiscard]] int descriptor() const { return ring_.ring_fd; }

  /// An entry to fill in, to be submitted by the next poll() or submit().
  io_uring_sqe& entry() {
    io_uring_sqe* free = io_uring_get_sqe(&ring_);
    if (free == nullptr) {
      submit();
      free = io_uring_get_sqe(&ring_);
    }
    if (free == nullptr) throw std::runtime_error("io_uring: no free submission entry after a submit");
    return *free;
  }
  void submit() { checked_code(io_uring_submit(&ring_), "io_uring_enter"); }
  [[nodiscard]] bool has_completions() const { return io_uring_cq_ready(&ring_) != 0; }

  /// Submits, waits for a completion if it may, and calls `use` with the user data and result of each.
  template <class Use>
  void poll(bool may_block, Use use) {
    enter(may_block && !has_completions());
    unsigned head;
    unsigned seen = 0;
    io_uring_cqe* completion;
    io_uring_for_each_cqe(&ring_, head, completion) {
      use(completion->user_data, completion->res);
      ++seen;
    }
    io_uring_cq_advance(&ring_, seen);
  }

 private:
  void enter(bool block) {
    int result = 0;
    if (block) {
      result = io_uring_submit_and_wait(&ring_, 1);
    } else if (io_uring_sq_ready(&ring_) != 0 || has_work()) {
      result = io_uring_submit_and_get_events(&ring_);
    }
    if (result != -EINTR) checked_code(result, "io_uring_enter");
  }
  /// Whether the kernel holds completions back until the ring is entered.
  [[nodiscard]] bool has_work() const {
    return (__atomic_load_n(ring_.sq.kflags, __ATOMIC_RELAXED) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
  }

  io_uring ring_{};
};

}  // namespace chime::bench
