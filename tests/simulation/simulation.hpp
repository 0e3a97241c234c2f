// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// One simulated world: a seed, the kernel and the memory that the product gets, and a program that uses it. One thread of
/// the system runs all of it; the program's threads are simulated: what they do happens between the steps of one another,
/// at the calls that the product makes to the kernel, the clock and the allocator.
#pragma once

#include <cstdint>

#include "journal.hpp"
#include "kernel.hpp"
#include "memory.hpp"
#include "profile.hpp"
#include "random.hpp"
#include "readiness_calls.hpp"

namespace chime::simulation {

/// The program: what the kernel knows of it.
class program {
 public:
  /// Another thread than those that are in the middle of something does something. False: there is none.
  virtual bool other_thread_acts() = 0;
  /// The loop has slept for long, and nobody has anything to tell it.
  virtual void wake_sleeper() = 0;
  /// A thread has blocked for long on the event that the futex belongs to.
  virtual void signal_blocked() = 0;
  /// The loop goes to sleep until `end_ns`, having read the clock at `now_ns`.
  virtual void sleeps(std::int64_t now_ns, std::int64_t end_ns) = 0;
  /// The kernel decided a watch (0 or -errno), or failed a wait for a primitive.
  virtual void kernel_said(const detail::kernel_work& work, int result) = 0;
  /// How often it has woken the loop.
  [[nodiscard]] virtual std::uint64_t wakes() const = 0;
  /// What is outstanding, for a failure's text.
  [[nodiscard]] virtual std::int64_t outstanding() const = 0;

 protected:
  ~program() = default;
};

class simulation {
 public:
  simulation(std::uint64_t seed, bool prints);
  simulation(const simulation&) = delete;
  simulation& operator=(const simulation&) = delete;
  ~simulation();

  [[nodiscard]] static bool under_way() noexcept;
  [[nodiscard]] static simulation& current() noexcept;

  std::uint64_t seed;
  random_source random;
  profile how;
  journal log;
  kernel os;
  readiness_calls readiness;
  memory heap;
  program* runs = nullptr;
  bool calm = false;  ///< the faults are over, and nobody acts by himself any more

  void note(step s, std::int64_t a = 0, std::int64_t b = 0) noexcept { log.note(s, os.now_ns(), thread_, a, b); }
  /// Draws whether a fault happens, and writes it down.
  [[nodiscard]] bool goes_wrong(unsigned likelihood, step fault) noexcept {
    if (!random.chance(likelihood)) return false;
    note(fault);
    return true;
  }
  void require(bool holds, const char* otherwise, std::int64_t a = 0, std::int64_t b = 0) const noexcept {
    if (!holds) [[unlikely]]
      log.fail(otherwise, a, b);
  }

  /// In the middle of a call: other threads may act here. errno is kept.
  void let_others_act() noexcept { let_others_act(how.thread_between); }
  void let_others_act(unsigned likelihood) noexcept;
  /// One act of another thread, now. False: all are busy.
  bool let_one_act() noexcept;

  [[nodiscard]] unsigned thread() const noexcept { return thread_; }
  /// The caller goes on as this thread, 0 being the polling one.
  void become(unsigned thread) noexcept;
  /// Enough has happened: whatever waits is ended soon. (Where all wait for one another a seed could take minutes.)
  [[nodiscard]] bool is_long() const noexcept { return log.steps() > longest; }
  [[nodiscard]] unsigned depth() const noexcept { return depth_; }

 private:
  static constexpr unsigned deepest = 3;
  static constexpr std::uint64_t longest = 10'000;  ///< steps; most seeds have some hundreds
  unsigned thread_ = 0;
  unsigned depth_ = 0;
};

/// Runs one seed to its end; a failure ends the process. What it did is returned.
struct outcome {
  std::uint64_t hash;
  std::uint64_t steps;
  tally counts;
};
[[nodiscard]] outcome run_seed(std::uint64_t seed, bool prints);
/// The seed that runs now, for whoever has to tell of a crash.
[[nodiscard]] std::uint64_t present_seed() noexcept;

}  // namespace chime::simulation
