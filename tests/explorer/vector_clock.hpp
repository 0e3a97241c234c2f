// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Vector clocks: what each thread knows of the others. One event happens before another exactly when the second one's
/// thread had, at that moment, a clock that covers the stamp of the first.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace chime::explore {

/// The body of a model (thread 0) and up to seven threads beside it.
inline constexpr std::size_t max_threads = 8;

using tick = std::uint16_t;

/// One event of one thread.
struct stamp {
  std::uint8_t thread = 0;
  tick at = 0;
};

class vector_clock {
 public:
  [[nodiscard]] tick operator[](std::size_t thread) const { return ticks_[thread]; }
  [[nodiscard]] bool covers(stamp event) const { return event.at <= ticks_[event.thread]; }
  // Without a branch for each thread, so that the compiler makes one comparison of vectors of it.
  [[nodiscard]] bool covers(const vector_clock& other) const {
    unsigned beyond = 0;
    for (std::size_t i = 0; i < max_threads; ++i) beyond |= other.ticks_[i] > ticks_[i] ? 1U : 0U;
    return beyond == 0;
  }
  void join(const vector_clock& other) {
    for (std::size_t i = 0; i < max_threads; ++i) ticks_[i] = std::max(ticks_[i], other.ticks_[i]);
  }
  void note(stamp event) { ticks_[event.thread] = event.at; }
  stamp advance(std::uint8_t thread) { return {thread, ++ticks_[thread]}; }

 private:
  std::array<tick, max_threads> ticks_{};
};

}  // namespace chime::explore
