// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// One execution of a model: its threads as fibers, and the scheduler that is entered at every visible step.
///
/// 1. Exactly one fiber runs. Thread 0 is the model's body; it runs alone, before and after its threads.
/// 2. Visible steps are atomic accesses and blocking calls. A step begins with point(), where another thread may be put
///    first at the cost of one preemption. A thread that has just been given the processor makes its step at once.
/// 3. Plain accesses are no points: whether two of them race is said by the vector clocks, and those depend only on the
///    order of the visible steps.
/// 4. Departing because of a block, a spin or the end costs no preemption.
/// 5. The first failure ends the execution. Its fibers are abandoned, never unwound.
#pragma once

#include "explorer/choices.hpp"
#include "explorer/fiber.hpp"
#include "explorer/memory.hpp"
#include "explorer/vector_clock.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <string>

namespace chime::explore {

/// Refers to a callable that outlives the thread that runs it.
struct task {
  void (*call)(void* callable) = nullptr;
  void* callable = nullptr;
};

class execution {
 public:
  execution(choices& branches, unsigned history_depth, unsigned max_steps);

  /// Runs the body once. The message is empty if nothing failed.
  void run(task body, const bounds& limits, bool tell_story);
  [[nodiscard]] const std::string& message() const { return message_; }
  [[nodiscard]] const std::string& story() const { return story_; }
  /// Whether some point wanted to preempt and had no preemption left.
  [[nodiscard]] bool cut() const { return cut_; }

  /// The execution that is under way; aborts if there is none.
  static execution& current() {
    if (active_ == nullptr) [[unlikely]]
      nobody_runs();
    return *active_;
  }
  [[nodiscard]] static bool under_way() { return active_ != nullptr; }

  // For the body.
  void run_threads(const task* tasks, std::size_t count);

  // For every thread.
  [[noreturn]] void fail(std::string message);
  [[nodiscard]] unsigned choose(unsigned count, odds how);
  void point();
  void relax();
  /// Blocks until a wake of the same key; false if the wait was allowed to time out and did. A time-out is a branch
  /// while the bound lasts, and free when nothing else can run.
  bool block(std::uint64_t key, bool may_time_out);
  void wake(std::uint64_t key, unsigned limit);

  // For the memory.
  struct thread_record;
  [[nodiscard]] memory& values() { return memory_; }
  [[nodiscard]] std::uint8_t running() const { return running_; }
  [[nodiscard]] thread_record& self() { return threads_[running_]; }
  stamp advance_clock() {
    if (++steps_ > max_steps_) [[unlikely]]
      endless();
    return self().now.advance(running_);
  }
  [[nodiscard]] bool may_read_stale() const { return left_.stale_reads > 0; }
  void spend_stale_read() { --left_.stale_reads; }
  /// Tells spinning threads that have looked at `place` (all of them if it is null) that it has changed.
  void stir(const history* place);
  [[nodiscard]] bool telling() const { return telling_; }
  void tell(const std::string& line);

  enum class condition : std::uint8_t { absent, ready, blocked, timed, spinning, finished };
  struct thread_record {
    fiber context;
    vector_clock now;
    condition state = condition::absent;
    bool timed_out = false;
    bool looked = false;      // has read an atomic since its last relax()
    bool stirred = false;     // something that it read since its last relax() has changed, or was stale
    std::uint32_t round = 0;  // counts the calls of relax()
    std::uint64_t key = 0;    // what it is blocked on
    task work;
  };

 private:
  struct candidates {
    std::array<std::uint8_t, max_threads> threads;
    unsigned count = 0;
  };

  [[noreturn]] static void nobody_runs();
  [[noreturn]] void endless();
  static void enter(void* self);
  [[noreturn]] void finish();
  void add(candidates& found, condition wanted, bool with_self) const;
  void depart();
  void hand_over(std::uint8_t to);
  [[noreturn]] void stuck();

  static inline execution* active_ = nullptr;

  choices& choices_;
  const unsigned max_steps_;
  memory memory_;
  std::array<thread_record, max_threads> threads_;
  fiber root_;
  bounds left_;
  unsigned steps_ = 0;
  std::uint8_t running_ = 0;
  std::uint8_t thread_count_ = 0;  // beside the body
  bool just_chosen_ = false;
  bool cut_ = false;
  bool telling_ = false;
  std::string message_;
  std::string story_;
};

}  // namespace chime::explore
