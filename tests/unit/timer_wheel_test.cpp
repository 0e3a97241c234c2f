// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The timing wheel against a sorted list: order, removal, when to look again, and the bound of one call.
#include "proactor/timers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

namespace {

using chime::clock;
using chime::time_point;
using chime::detail::timer_wheel;
using chime::detail::waiter;
using namespace std::chrono_literals;

class TimerWheel : public testing::Test {
 protected:
  waiter& insert(time_point due) {
    waiter& w = all.emplace_back();
    w.deadline.set(due);
    wheel.insert(w);
    return w;
  }
  /// Everything that is due, however many calls it takes.
  std::vector<time_point> take_all(time_point now) {
    std::vector<time_point> taken;
    do {
      while (waiter* w = wheel.take_due(now)) taken.push_back(w->deadline.get());
    } while (wheel.next() <= now);
    return taken;
  }

  std::deque<waiter> all;
  timer_wheel wheel;
  const time_point start = clock::now();
};

TEST_F(TimerWheel, EmptyHasNothing) {
  EXPECT_TRUE(wheel.empty());
  EXPECT_EQ(wheel.next(), chime::never);
  EXPECT_EQ(wheel.take_due(start + 24h), nullptr);
}

TEST_F(TimerWheel, TellsTheNextDeadlineExactlyAndFiresItNotBefore) {
  for (const auto span : {1ns, 63ns, 64ns, 1000ns, 1'000'000ns, 1'000'000'000ns, 86'400'000'000'000ns}) {
    const time_point due = start + 1s + span;
    waiter& w = insert(due);
    EXPECT_EQ(wheel.next(), due);
    EXPECT_EQ(wheel.take_due(due - 1ns), nullptr);
    EXPECT_EQ(wheel.next(), due);
    EXPECT_EQ(wheel.take_due(due), &w);
    EXPECT_TRUE(wheel.empty());
  }
}

TEST_F(TimerWheel, TheFurthestFutureIsNoTrouble) {
  const time_point due = chime::never - 1ns;
  waiter& w = insert(due);
  EXPECT_EQ(wheel.take_due(start), nullptr);
  EXPECT_EQ(wheel.next(), due);
  EXPECT_EQ(wheel.take_due(due), &w);
}

TEST_F(TimerWheel, FiresInTheOrderOfTimeWhateverWasInsertedAndRemovedMeanwhile) {
  std::mt19937_64 random(11);
  std::vector<time_point> expected;
  time_point now = start;
  for (int round = 0; round < 200; ++round) {
    std::vector<waiter*> mine;
    for (int i = 0; i < 50; ++i) {
      const auto span = std::chrono::nanoseconds(random() % (1ULL << (random() % 36)) + 1);
      mine.push_back(&insert(now + span));
    }
    for (waiter* w : mine) {
      if (random() % 3 == 0) {
        wheel.remove(*w);
        wheel.remove(*w);  // nothing
      } else {
        expected.push_back(w->deadline.get());
      }
    }
    now += std::chrono::nanoseconds(random() % 100'000'000);
    std::ranges::sort(expected);
    const auto due = std::ranges::upper_bound(expected, now);
    EXPECT_EQ(take_all(now), std::vector<time_point>(expected.begin(), due));
    expected.erase(expected.begin(), due);
    EXPECT_EQ(wheel.empty(), expected.empty());
    ASSERT_LE(wheel.next(), expected.empty() ? chime::never : expected.front());
  }
}

TEST_F(TimerWheel, EqualOnesFireInTheOrderOfTheirInsertion) {
  const time_point due = start + 5s;
  for (int i = 0; i < 10; ++i) insert(due);
  for (waiter& w : all) EXPECT_EQ(wheel.take_due(due), &w);
}

TEST_F(TimerWheel, PassedOnesFireAtOnce) {
  for (const time_point due : {start - 1ns, start - 24h, time_point{}, time_point::min()}) {
    waiter& w = insert(due);
    EXPECT_EQ(wheel.take_due(start), &w);
  }
}

TEST_F(TimerWheel, OneCallMovesOnlySoManyAndSaysThatThereIsMore) {
  constexpr std::size_t count = 100'000;
  const time_point due = start + 10s;
  for (std::size_t i = 0; i < count; ++i) insert(due + std::chrono::nanoseconds(i));
  const time_point later = due + 1s;
  EXPECT_EQ(wheel.take_due(later), nullptr) << "still moving";
  EXPECT_LE(wheel.next(), later);
  EXPECT_EQ(take_all(later).size(), count);
  EXPECT_TRUE(wheel.empty());
}

}  // namespace
