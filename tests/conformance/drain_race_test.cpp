// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Cancels, deadlines and other readers against a wait that drains: what was read is told, and what is not told was not read.
#include <atomic>

#include "imported.hpp"

namespace conformance {
namespace {

using chime::drain;

struct drain_race : importing {};
ON_EVERY_BACKEND(drain_race);

TEST_P(drain_race, a_cancel_that_wins_leaves_the_handle_unread) {
  for (const bool seen : {false, true}) {
    for (const bool ready_before : {false, true}) {
      if (seen && ready_before) continue;  // then it has completed
      const descriptor fd = descriptor::counter(ready_before ? 6 : 0);
      wait& one = start(fd, drain::eventfd);
      if (seen) let_the_loop_see();
      if (!ready_before) {
        ASSERT_TRUE(add(fd, 6));  // io_uring may know by now
      }
      expect_cancels(one);
      let_the_loop_see();
      EXPECT_EQ(rest_of(fd), 6U);
    }
  }
}

TEST_P(drain_race, a_handle_may_be_closed_and_its_number_reused_after_a_cancel_that_won) {
  for (int round = 0; round < 20; ++round) {
    descriptor old = descriptor::counter();
    const int number = old;
    wait& one = start(old, drain::eventfd);
    if (round % 2 == 0) let_the_loop_see();
    ASSERT_TRUE(add(old, 1));
    ASSERT_TRUE(loop.cancel(one.op));
    old.close();
    const descriptor fresh = descriptor::counter(3);
    ASSERT_EQ(fresh, number) << "the test means to reuse the number";
    ASSERT_TRUE(complete(one.w));
    EXPECT_EQ(one.w.outcome(), outcome::cancelled);
    EXPECT_EQ(rest_of(fresh), 3U);
  }
}

TEST_P(drain_race, a_deadline_that_wins_leaves_the_handle_unread) {
  for (const drain policy : {drain::eventfd, drain::nothing, drain::fence}) {
    const descriptor fd = descriptor::counter();
    const time_point due = clock::now() + 2ms;
    wait& one = start(fd, policy, due);
    ASSERT_TRUE(complete(one.w));
    EXPECT_EQ(one.w.outcome(), outcome::timed_out);
    EXPECT_GE(one.w.when, due);
    EXPECT_EQ(one.drained(), 0U);
    ASSERT_TRUE(add(fd, 2));
    let_the_loop_see();
    EXPECT_EQ(rest_of(fd), 2U);
  }
}

TEST_P(drain_race, a_handle_that_is_ready_when_the_deadline_has_passed_is_read_or_not) {
  for (int round = 0; round < 50; ++round) {
    const descriptor fd = descriptor::counter();
    const time_point due = clock::now() + 1ms;
    wait& one = start(fd, drain::eventfd, due);
    let_the_loop_work();
    ASSERT_TRUE(add(fd, 5));
    if (round % 2 == 0) {
      while (clock::now() < due) std::this_thread::yield();
    }
    ASSERT_TRUE(complete(one.w));
    const bool read = one.w.outcome() == outcome::success;
    EXPECT_TRUE(read || one.w.outcome() == outcome::timed_out);
    EXPECT_EQ(one.drained(), read ? 5U : 0U);
    EXPECT_EQ(rest_of(fd), read ? 0U : 5U);
  }
}

TEST_P(drain_race, a_wait_whose_deadline_is_far_completes_and_leaves_no_timer) {
  const descriptor fd = descriptor::counter();
  wait& one = start(fd, drain::eventfd, clock::now() + 1h);
  let_the_loop_see();
  ASSERT_TRUE(add(fd, 1));
  ASSERT_TRUE(complete(one.w));
  EXPECT_EQ(one.w.outcome(), outcome::success);
  let_the_loop_see();
  EXPECT_EQ(one.w.completions, 1);
}

/// Others write, cancel and read all the time. What was written is what was drained, stolen, or left.
TEST_P(drain_race, nothing_is_lost_or_told_twice) {
  constexpr std::uint64_t writes = sanitized ? 3'000 : 10'000;
  const descriptor fd = descriptor::counter(0, EFD_NONBLOCK);
  struct state {
    chime::operation op;
    std::uint64_t drained = 0;
    std::uint64_t cancelled = 0;
    std::uint64_t succeeded = 0;
    std::atomic<bool> in_flight{false};
    void done(chime::completion&& c) noexcept {
      if (c.error) {
        ++cancelled;
        EXPECT_EQ(c.error, chime::errc::cancelled);
        EXPECT_EQ(op.drained(), 0U);
      } else {
        ++succeeded;
        EXPECT_GT(op.drained(), 0U) << "it completed by nothing";
      }
      drained += op.drained();
      in_flight.store(false, std::memory_order_release);
    }
  } one;
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> cancels_won{0};
  std::uint64_t stolen = 0;
  std::jthread writer([&] {
    for (std::uint64_t i = 0; i < writes; ++i) {
      EXPECT_TRUE(add(fd, 1));
      if (i % 8 == 0) std::this_thread::yield();
    }
    over.store(true, std::memory_order_release);
  });
  std::jthread thief([&] {
    while (!over.load(std::memory_order_acquire)) {
      std::uint64_t value = 0;
      if (::read(fd, &value, sizeof value) == sizeof value) stolen += value;
      std::this_thread::yield();
    }
  });
  // The operation is submitted by the thread that cancels, so that no cancel meets a submit.
  std::jthread canceller([&] {
    const chime::callback done = chime::callback::to<&state::done>(one);
    for (unsigned turn = 0; !over.load(std::memory_order_acquire); ++turn) {
      one.in_flight.store(true, std::memory_order_relaxed);
      loop.submit(one.op, done, fd, drain::eventfd);
      for (unsigned i = 0; i < turn % 64; ++i) std::this_thread::yield();
      if (loop.cancel(one.op)) cancels_won.fetch_add(1, std::memory_order_relaxed);
      // Told true or false: it completes.
      while (one.in_flight.load(std::memory_order_acquire)) std::this_thread::yield();
    }
    loop.stop();
  });
  ASSERT_TRUE(loop.run());
  writer.join();
  thief.join();
  canceller.join();
  EXPECT_EQ(one.drained + stolen + rest_of(fd), writes);
  EXPECT_LE(cancels_won.load(), one.cancelled) << "who was told that he has cancelled, has";
}

}  // namespace
}  // namespace conformance
