// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Threads on their processors, and how they wait for each other.
#pragma once

#include <pthread.h>
#include <sched.h>

#include <atomic>
#include <cstddef>
#include <system_error>

namespace chime::bench {

/// What one thread writes must not share a line with what another writes; two lines, since they are fetched in pairs.
inline constexpr std::size_t apart = 128;

/// The calling thread runs on this processor only, from now on. Threads that it starts inherit that.
inline void pin_to(int cpu) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  CPU_SET(static_cast<unsigned>(cpu), &cpus);
  const int error = pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus);
  if (error != 0) throw std::system_error(error, std::generic_category(), "cannot pin a thread to its processor");
}

/// Tells the processor that this is a spinning loop.
inline void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield" ::: "memory");
#endif
}

/// Spins until the condition holds.
template <class Condition>
inline void spin_until(Condition&& condition) {
  while (!condition()) relax();
}

/// Lets `count` threads start at the same moment: each arrives, and goes on when all have. Used once.
class starting_line {
 public:
  explicit starting_line(int count) : missing_(count) {}
  /// Spins; with more threads than processors, gives the processor away meanwhile.
  void arrive() {
    // Release and acquire: what each thread prepared is there for the others.
    missing_.fetch_sub(1, std::memory_order_acq_rel);
    for (int spins = 0; missing_.load(std::memory_order_acquire) > 0; ++spins) {
      if (spins < 1'000) {
        relax();
      } else {
        sched_yield();
      }
    }
  }

 private:
  alignas(apart) std::atomic<int> missing_;
};

}  // namespace chime::bench
