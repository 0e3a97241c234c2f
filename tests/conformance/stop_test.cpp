// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// poll and its timeouts, wake, run and stop (L2).
#include "world.hpp"

namespace conformance {
namespace {

using waking = in_world;
ON_EVERY_BACKEND(waking);

/// What one poll with a long timeout says; that it does not take long shows that it was ended early.
[[nodiscard]] bool ends_early(chime::proactor& loop) {
  const time_point before = clock::now();
  const auto polled = loop.poll(patience);
  return polled && *polled == 0 && clock::now() - before < patience;
}

TEST_P(waking, poll_without_timeout_does_not_sleep) {
  for (int i = 0; i < 100; ++i) EXPECT_EQ(loop.poll().value_or(99), 0U);
  EXPECT_EQ(loop.stats().sleeps, 0U);
}

TEST_P(waking, poll_sleeps_as_long_as_its_timeout_says) {
  for (const auto timeout : {1ns, 100'000ns, 3'000'000ns}) {
    const time_point before = clock::now();
    EXPECT_EQ(loop.poll(timeout).value_or(99), 0U);
    EXPECT_GE(clock::now() - before, timeout);
  }
  EXPECT_EQ(loop.stats().wakeups, 0U);
}

TEST_P(waking, poll_with_any_long_timeout_sleeps_until_it_is_woken) {
  for (const auto timeout :
       {std::chrono::nanoseconds::max(), std::chrono::nanoseconds(-1), std::chrono::nanoseconds::min()}) {
    const auto before = loop.stats().sleeps;
    std::thread waker([&] {
      EXPECT_TRUE(eventually([&] { return loop.stats().sleeps > before; }));
      loop.wake();
    });
    EXPECT_EQ(loop.poll(timeout).value_or(99), 0U);
    waker.join();
  }
}

TEST_P(waking, wake_before_poll_is_kept_for_one_poll) {
  loop.wake();
  EXPECT_TRUE(ends_early(loop));
  const time_point before = clock::now();
  EXPECT_EQ(loop.poll(5ms).value_or(99), 0U);
  EXPECT_GE(clock::now() - before, 5ms) << "one wake ends one poll";
}

TEST_P(waking, several_wakes_before_poll_count_as_one) {
  for (int i = 0; i < 5; ++i) loop.wake();
  EXPECT_TRUE(ends_early(loop));
  const time_point before = clock::now();
  EXPECT_EQ(loop.poll(5ms).value_or(99), 0U);
  EXPECT_GE(clock::now() - before, 5ms);
}

TEST_P(waking, wake_from_another_thread_ends_the_sleep) {
  const int rounds = sanitized ? 50 : 300;
  std::atomic<int> asked{0};
  std::thread waker([&] {
    for (int i = 1; i <= rounds; ++i) {
      EXPECT_TRUE(eventually([&] { return asked.load() >= i; }));
      loop.wake();
    }
  });
  for (int i = 1; i <= rounds; ++i) {
    asked = i;
    EXPECT_TRUE(ends_early(loop)) << "round " << i;
  }
  waker.join();
}

TEST_P(waking, wake_loses_no_completion_that_came_with_it) {
  waiter& w = make_waiter();
  loop.submit(make_operation(), w);
  loop.wake();
  ASSERT_TRUE(complete(w));
  waiter& later = make_waiter();
  loop.wake();
  loop.submit(make_operation(), later);
  ASSERT_TRUE(complete(later));
}

TEST_P(waking, wake_from_inside_a_callback_ends_the_next_poll) {
  bool ran = false;
  auto callback = [&](chime::completion&&) {
    loop.wake();
    ran = true;
  };
  loop.submit(make_operation(), callback);
  ASSERT_TRUE(poll_until([&] { return ran; }));
  EXPECT_TRUE(ends_early(loop));
}

TEST_P(waking, stop_before_run_ends_it_once) {
  loop.stop();
  ASSERT_TRUE(loop.run());
  // Taken back: the next run goes on until it is stopped anew.
  bool ran = false;
  auto callback = [&](chime::completion&&) {
    ran = true;
    loop.stop();
  };
  loop.submit(make_operation(), callback, clock::now() + 2ms);
  ASSERT_TRUE(loop.run());
  EXPECT_TRUE(ran);
}

TEST_P(waking, stop_from_a_callback_ends_run) {
  for (int i = 0; i < 10; ++i) {
    int ran = 0;
    auto callback = [&](chime::completion&&) {
      ++ran;
      loop.stop();
    };
    loop.submit(make_operation(), callback);
    ASSERT_TRUE(loop.run());
    EXPECT_EQ(ran, 1);
  }
}

TEST_P(waking, stop_from_another_thread_ends_a_run_that_sleeps) {
  const int rounds = sanitized ? 50 : 300;
  std::atomic<int> running{0};
  std::thread stopper([&] {
    for (int i = 1; i <= rounds; ++i) {
      EXPECT_TRUE(eventually([&] { return running.load() >= i; }));
      loop.stop();
    }
  });
  for (int i = 1; i <= rounds; ++i) {
    running = i;
    EXPECT_TRUE(loop.run()) << "round " << i;
  }
  stopper.join();
}

TEST_P(waking, what_was_written_before_stop_is_seen_after_run) {
  int written = 0;
  std::thread stopper([&] {
    written = 42;
    loop.stop();
  });
  ASSERT_TRUE(loop.run());
  EXPECT_EQ(written, 42);
  stopper.join();
}

TEST_P(waking, stop_wakes_a_poll_too) {
  std::thread stopper([&] {
    EXPECT_TRUE(eventually([&] { return loop.stats().sleeps != 0; }));
    loop.stop();
  });
  EXPECT_TRUE(ends_early(loop));
  stopper.join();
  ASSERT_TRUE(loop.run()) << "and is kept for run";
}

}  // namespace
}  // namespace conformance
