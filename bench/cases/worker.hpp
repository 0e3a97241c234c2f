// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Threads of a case that can neither hang nor fail unseen, and their ways of waiting.
#pragma once

#include <pthread.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>
#include <utility>

#include "harness/clock.hpp"
#include "harness/thread.hpp"

namespace chime::bench {

/// Ends the sample. An exception would unwind what other threads still use, or block in.
[[noreturn]] inline void give_up(const char* why) {
  std::fprintf(stderr, "%s\n", why);
  std::_Exit(1);
}

/// Spins, but not for ever: no wait of a case takes long unless something was lost.
class patience {
 public:
  static constexpr std::int64_t limit_ns = 10'000'000'000;

  explicit patience(const char* waiting_for) : waiting_for_(waiting_for) {}
  void spin() {
    relax();
    if (++spins_ % 4096 != 0) return;  // the clock costs more than the spin
    const std::int64_t now = now_ns();
    if (began_ns_ == 0) began_ns_ = now;
    if (now - began_ns_ > limit_ns) give_up((std::string("waited too long for ") + waiting_for_).c_str());
  }
  /// What was waited for came; the next wait begins.
  void renew() {
    if (spins_ >= 4096) began_ns_ = 0;
    spins_ = 0;
  }

 private:
  const char* waiting_for_;
  std::uint64_t spins_ = 0;
  std::int64_t began_ns_ = 0;
};

template <class Condition>
void await(const char* what, Condition holds) {
  for (patience waiting(what); !holds();) waiting.spin();
}

/// The same for a thread that shares a processor with those that it waits for.
template <class Condition>
void await_asleep(const char* what, Condition holds) {
  const std::int64_t end_ns = now_ns() + patience::limit_ns;
  while (!holds()) {
    if (now_ns() > end_ns) give_up((std::string("waited too long for ") + what).c_str());
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

/// A pinned thread. What escapes from it ends the sample.
class worker {
 public:
  template <class Work>
  worker(int cpu, Work work)
      : thread_([cpu, work = std::move(work)]() mutable {
          try {
            pin_to(cpu);
            work();
          } catch (const std::exception& failure) {
            give_up(failure.what());
          }
        }) {}
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;
  ~worker() {
    if (thread_.joinable()) thread_.join();
  }
  void join() { thread_.join(); }
  [[nodiscard]] pthread_t handle() { return thread_.native_handle(); }

 private:
  std::thread thread_;
};

/// Keeps its processor meanwhile, which makes no system calls.
inline void pause_until(std::int64_t moment_ns) {
  while (now_ns() < moment_ns) relax();
}

}  // namespace chime::bench
