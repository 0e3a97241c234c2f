// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Whether to spin before going to sleep. A thread that sleeps costs its waker a system call and answers tens of
/// microseconds later; one that spins in vain burns a processor. So it spins for as long as spins succeed, and after n
/// vain ones in a row sleeps the next 2^n - 1 times at once. A sleep that ended so soon that a spin would have seen its
/// end halves what is left of these. One thread's alone: a loop's polling thread has one for the loop, and every thread
/// that blocks without a loop has one.
#pragma once

#include <algorithm>
#include <chrono>

#include "chime/config.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

class spin_policy {
 public:
  /// `longest`: how long a spin may last, at most a second; zero: never spins.
  constexpr explicit spin_policy(std::chrono::nanoseconds longest = {}) noexcept
      : longest_(std::min<std::chrono::nanoseconds>(longest, std::chrono::seconds(1))) {}

  [[nodiscard]] std::chrono::nanoseconds longest() const noexcept { return longest_; }
  /// Asked before each sleep.
  [[nodiscard]] bool should_spin() noexcept {
    if (longest_.count() <= 0) return false;
    if (to_skip_ == 0) return true;
    --to_skip_;
    return false;
  }
  void succeeded() noexcept { failures_ = 0; }
  void failed() noexcept {
    failures_ = std::min(failures_ + 1, most_failures);
    to_skip_ = (1U << failures_) - 1;
  }
  void slept(std::chrono::nanoseconds time) noexcept {
    if (time < longest_) to_skip_ /= 2;
  }

 private:
  /// One vain spin in 512 sleeps costs a few hundredths of what the sleeps cost.
  static constexpr unsigned most_failures = 9;
  std::chrono::nanoseconds longest_;
  unsigned failures_ = 0;
  unsigned to_skip_ = 0;
};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
