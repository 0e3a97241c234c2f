// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What one writes for just this: a word that is swapped, and a futex for a waiter that has spun a while. It knows
/// neither deadlines nor late signals nor misuse. "futex" is the same without the spin, "spinning-word" nothing but the
/// spin, which nobody could use as it is: the limit.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <limits>

#include "harness/clock.hpp"
#include "rivals/blocking/interface.hpp"

namespace chime::bench {

class baton {
 public:
  void signal() {
    if (word_.exchange(signalled, std::memory_order_acq_rel) != blocked) return;
    ::syscall(SYS_futex, &word_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  }
  void wait(std::int64_t spin_ns) {
    if (!spin(spin_ns)) block();
    word_.exchange(empty, std::memory_order_acquire);  // a swap: a second signal that comes right now is not lost
  }

 private:
  static constexpr std::uint32_t empty = 0;
  static constexpr std::uint32_t signalled = 1;
  static constexpr std::uint32_t blocked = 2;
  static constexpr unsigned looks_between_clock_reads = 16;  // the clock costs as much as a few looks

  [[nodiscard]] bool spin(std::int64_t longest_ns) {
    if (longest_ns == 0) return false;
    const std::int64_t end_ns = longest_ns == for_ever ? for_ever : now_ns() + longest_ns;
    do {
      for (unsigned i = 0; i < looks_between_clock_reads; ++i) {
        if (word_.load(std::memory_order_acquire) == signalled) return true;
        relax();
      }
    } while (end_ns == for_ever || now_ns() < end_ns);
    return false;
  }
  void block() {
    if (word_.exchange(blocked, std::memory_order_acq_rel) == signalled) return;
    while (word_.load(std::memory_order_acquire) == blocked) {
      ::syscall(SYS_futex, &word_, FUTEX_WAIT_PRIVATE, blocked, nullptr, nullptr, 0);
    }
  }

  alignas(apart) std::atomic<std::uint32_t> word_{empty};

 public:
  static constexpr std::int64_t for_ever = std::numeric_limits<std::int64_t>::max();
};

template <class Kind>
class baton_pair {
 public:
  static constexpr const char* name = Kind::name;

  class side {
   public:
    side(baton_pair& pair, unsigned who) : mine_(pair.batons_[who]), other_(pair.batons_[1 - who]) {}
    void signal() { other_.signal(); }
    void wait() { mine_.wait(Kind::spin_ns); }

   private:
    baton& mine_;
    baton& other_;
  };

 private:
  std::array<baton, 2> batons_;
};

struct spin_then_futex {
  static constexpr const char* name = "baton";
  static constexpr std::int64_t spin_ns = 50'000;  // as long as chime at most
};
struct futex_only {
  static constexpr const char* name = "futex";
  static constexpr std::int64_t spin_ns = 0;
};
struct spin_only {
  static constexpr const char* name = "spinning-word";
  static constexpr std::int64_t spin_ns = baton::for_ever;
};

}  // namespace chime::bench
