// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The end of a loop that other threads see: its ready queue and its doorbell.
#pragma once

#include "event/ready_queue.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

/// The loop's kernel wake-up: an eventfd, never read by most backends (edge-triggered). Made at open, closed at close.
class doorbell {
 public:
  doorbell() noexcept = default;
  doorbell(const doorbell&) = delete;
  doorbell& operator=(const doorbell&) = delete;
  ~doorbell();

  /// 0, or the errno of eventfd: EMFILE, ENFILE, ENODEV (no anonymous inodes), ENOMEM.
  [[nodiscard]] int open() noexcept;
  /// Makes handle() readable. One system call. Any thread, signal handlers; errno is kept; no cancellation point (a
  /// thread that is cancelled inside write(2) would leave the loop asleep).
  void ring() const noexcept;
  [[nodiscard]] int handle() const noexcept { return handle_; }

 private:
  int handle_ = -1;
};

struct inbox {
  ready_queue queue;
  doorbell bell;

  /// Any thread, signal handlers. The last touch of the node; of the inbox only if the loop was awake.
  void post(node& n) noexcept {
    if (queue.push(n)) pay();
  }
  void wake() noexcept {
    if (queue.wake()) pay();
  }

 private:
  void pay() noexcept {
    bell.ring();
    queue.settle();
  }
};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
