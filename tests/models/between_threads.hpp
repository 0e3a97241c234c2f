// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// How the threads of a model tell each other things, as those of a program would.
#pragma once

#include "chime/detail/atomic.hpp"

namespace chime::models {

/// Lets so many threads in at once, as a program does that never wants more events than there are.
class semaphore {
 public:
  explicit semaphore(int permits) : permits_(permits) {}
  void enter() {
    int seen = permits_.load(std::memory_order_relaxed);
    while (seen == 0 ||
           !permits_.compare_exchange_strong(seen, seen - 1, std::memory_order_acquire, std::memory_order_relaxed)) {
      if (seen != 0) continue;
      sync::relax();
      seen = permits_.load(std::memory_order_relaxed);
    }
  }
  void leave() { permits_.fetch_add(1, std::memory_order_release); }

 private:
  sync::atomic<int> permits_;
};

/// Something that one thread tells another, with all that it has done.
class flag {
 public:
  void raise() { up_.store(true, std::memory_order_release); }
  [[nodiscard]] bool is_up() const { return up_.load(std::memory_order_acquire); }
  void await() const {
    while (!is_up()) sync::relax();
  }

 private:
  sync::atomic<bool> up_{false};
};

}  // namespace chime::models
