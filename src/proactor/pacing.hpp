// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A loop that is faster than its producers falls into step with them: it takes each event as soon as it is pushed, one or
/// two at a time, and every take fetches the queue's line from a producer that wants it back at once. A short pause after
/// such a small batch lets the next one grow. Where signals come singly a pause would only delay them, so there is none
/// unless batches have been seen lately. The polling thread's alone.
#pragma once

#include <chrono>

#include "chime/detail/thread.hpp"
#include "chime/event.hpp"
#include "sync/relax.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

class pacing {
 public:
  /// Before a take: sits out the rest of the pause.
  void wait() noexcept {
    if (!paused_) return;
    paused_ = false;
    while (clock::now() < until_) sync::relax_cpu();
  }
  /// After a take that got `count`, at least one.
  void took(unsigned count) noexcept {
    since_batch_ = count > 1 ? 0 : since_batch_ + 1;
    if (!sync::time_passes || since_batch_ > memory || count >= large) return;
    paused_ = true;
    until_ = clock::now() + pause;
  }

 private:
  static constexpr std::chrono::nanoseconds pause{240};
  static constexpr unsigned large = 16;   ///< a batch that is worth its take
  static constexpr unsigned memory = 16;  ///< takes that a batch is remembered for

  time_point until_;
  unsigned since_batch_ = memory;
  bool paused_ = false;
};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
