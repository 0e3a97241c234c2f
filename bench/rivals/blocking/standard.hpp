// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What the standard library has for it: a binary semaphore, and a mutex with a condition variable.
#pragma once

#include <array>
#include <condition_variable>
#include <mutex>
#include <semaphore>

#include "rivals/blocking/interface.hpp"

namespace chime::bench {

class semaphore_signal {
 public:
  static constexpr const char* name = "std-semaphore";
  void signal() { semaphore_.release(); }
  void wait() { semaphore_.acquire(); }

 private:
  alignas(apart) std::binary_semaphore semaphore_{0};
};

class condition_signal {
 public:
  static constexpr const char* name = "std-condition";
  void signal() {
    {
      const std::lock_guard lock(mutex_);
      signalled_ = true;
    }
    changed_.notify_one();  // not under the lock, which the woken thread would find taken
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return signalled_; });
    signalled_ = false;
  }

 private:
  alignas(apart) std::mutex mutex_;
  std::condition_variable changed_;
  bool signalled_ = false;
};

template <class Signal>
class standard_pair {
 public:
  static constexpr const char* name = Signal::name;

  class side {
   public:
    side(standard_pair& pair, unsigned who) : mine_(pair.signals_[who]), other_(pair.signals_[1 - who]) {}
    void signal() { other_.signal(); }
    void wait() { mine_.wait(); }

   private:
    Signal& mine_;
    Signal& other_;
  };

 private:
  std::array<Signal, 2> signals_;
};

}  // namespace chime::bench
