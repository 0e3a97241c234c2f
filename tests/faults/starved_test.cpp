// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A loop that is starved of its processor by real-time threads: what it has to do comes late, never early, and never not
/// at all. The hogs run in bursts of a few milliseconds and rest in between, so that the machine lives on whatever
/// happens; and for a limited time.
#include <sched.h>

#include "world.hpp"

namespace conformance {
namespace {

constexpr auto burst = 4ms;
constexpr auto pause = 1ms;
constexpr auto hogs_live = 2s;

[[nodiscard]] int first_processor() {
  cpu_set_t mine;
  if (sched_getaffinity(0, sizeof mine, &mine) != 0) return 0;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &mine)) return i;
  }
  return 0;
}

/// Binds the calling thread to one processor until the end of scope.
class bound_to {
 public:
  explicit bound_to(int processor) {
    EXPECT_EQ(sched_getaffinity(0, sizeof before_, &before_), 0);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    EXPECT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  }
  bound_to(const bound_to&) = delete;
  bound_to& operator=(const bound_to&) = delete;
  ~bound_to() { EXPECT_EQ(sched_setaffinity(0, sizeof before_, &before_), 0); }

 private:
  cpu_set_t before_ = {};
};

/// A thread of the given real-time priority that takes a processor for itself, four fifths of the time.
class hog {
 public:
  hog(int processor, int priority) : thread_([this, processor, priority] { work(processor, priority); }) {
    EXPECT_TRUE(eventually([this] { return bursts_ != 0 || refused_; }));
  }
  hog(const hog&) = delete;
  hog& operator=(const hog&) = delete;
  ~hog() {
    over_ = true;
    thread_.join();
  }
  [[nodiscard]] bool refused() const { return refused_; }
  [[nodiscard]] unsigned bursts() const { return bursts_; }

 private:
  void work(int processor, int priority) {
    const bound_to here(processor);
    const sched_param wanted{.sched_priority = priority};
    if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &wanted) != 0) {
      refused_ = true;
      return;
    }
    const time_point end = clock::now() + hogs_live;
    for (time_point now = clock::now(); !over_ && now < end; now = clock::now()) {
      while (clock::now() < now + burst) {
      }
      ++bursts_;
      std::this_thread::sleep_for(pause);
    }
  }

  std::atomic<bool> over_ = false;
  std::atomic<bool> refused_ = false;
  std::atomic<unsigned> bursts_ = 0;
  std::thread thread_;
};

using starved_loop = in_world;
IN_EVERY_WORLD(starved_loop);

TEST_P(starved_loop, is_late_but_loses_nothing) {
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 4}));
  const int processor = first_processor();
  const bound_to here(processor);
  hog one(processor, 1);
  if (one.refused()) GTEST_SKIP() << "no real-time threads here: RLIMIT_RTPRIO or CAP_SYS_NICE";
  hog two(processor, 2);
  std::atomic<const chime::ticket*> handed = nullptr;
  std::atomic<bool> over = false;
  std::thread signaller([&] {
    while (!over) {
      if (const chime::ticket* t = handed.exchange(nullptr); t != nullptr) t->signal();
      std::this_thread::yield();
    }
  });
  const unsigned bursts_before = one.bursts() + two.bursts();
  unsigned rounds = 0;
  while (one.bursts() + two.bursts() < bursts_before + 16) {
    chime::event ev = acquire();
    const chime::ticket t = ev.get_ticket();
    waiter& signalled = submit(std::move(ev), clock::now() + 1h);
    const time_point due = clock::now() + 1ms;
    waiter& late = submit(acquire(), due);
    waiter& timer = make_waiter();
    loop.submit(make_operation(), timer, due);
    handed = &t;
    ASSERT_TRUE(complete(signalled));
    ASSERT_TRUE(complete(late));
    ASSERT_TRUE(complete(timer));
    EXPECT_EQ(signalled.outcome(), outcome::success);
    EXPECT_EQ(late.outcome(), outcome::timed_out);
    EXPECT_EQ(timer.outcome(), outcome::success);
    EXPECT_GE(late.when, due);
    EXPECT_GE(timer.when, due);
    signalled.ev.reset();
    late.ev.reset();
    ++rounds;
    if (one.bursts() + two.bursts() == 0) break;
  }
  over = true;
  signaller.join();
  EXPECT_GT(rounds, 0U);
}

}  // namespace
}  // namespace conformance
