// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Threads that start together, and waits whose expiry is a failure instead of a guess.
#pragma once

#include <chrono>
#include <functional>
#include <latch>
#include <thread>
#include <vector>

namespace chime_test {

/// Far longer than anything here takes, on a slow machine under a sanitizer too.
inline constexpr std::chrono::seconds patience{60};

/// Runs `body(0)` ... `body(count - 1)`, each on a thread of its own; all begin only when all are there.
inline void together(unsigned count, const std::function<void(unsigned)>& body) {
  std::latch all_there(count);
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      all_there.arrive_and_wait();
      body(i);
    });
  }
}

/// Waits until the condition holds. False: it did not within all patience; assert on it.
template <class Condition>
[[nodiscard]] bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace chime_test
