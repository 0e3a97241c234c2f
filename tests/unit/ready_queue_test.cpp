// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The ready queue: order, the wake bit, the sleep sentinel, who owes a ring; then with threads and a real doorbell.
#include "event/ready_queue.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <vector>

#include "event/inbox.hpp"
#include "together.hpp"

namespace {

using chime::detail::inbox;
using chime::detail::node;
using chime::detail::ready_queue;

/// Oldest first.
std::vector<node*> in_order(node* newest) {
  std::vector<node*> nodes;
  for (node* n = newest; n != nullptr; n = reinterpret_cast<node*>(n->next.load(std::memory_order_relaxed))) {
    nodes.insert(nodes.begin(), n);
  }
  return nodes;
}

class ReadyQueue : public testing::Test {
 protected:
  ready_queue queue;
  node a, b, c;
};

TEST_F(ReadyQueue, AnEmptyQueueGivesNothing) {
  EXPECT_EQ(queue.take().newest, nullptr);
  EXPECT_FALSE(queue.take().woken);
  EXPECT_TRUE(queue.settled());
}

TEST_F(ReadyQueue, KeepsTheOrderOfThePushes) {
  EXPECT_FALSE(queue.push(a));
  EXPECT_FALSE(queue.push(b));
  EXPECT_FALSE(queue.push(c));
  const auto got = queue.take();
  EXPECT_EQ(in_order(got.newest), (std::vector{&a, &b, &c}));
  EXPECT_FALSE(got.woken);
  EXPECT_EQ(queue.take().newest, nullptr);
}

TEST_F(ReadyQueue, ANodeMayBePushedAgainAfterItWasTaken) {
  a.next.store(reinterpret_cast<std::uintptr_t>(&c));  // whatever stood there before
  EXPECT_FALSE(queue.push(a));
  EXPECT_EQ(in_order(queue.take().newest), (std::vector{&a}));
  EXPECT_FALSE(queue.push(b));
  EXPECT_FALSE(queue.push(a));
  EXPECT_EQ(in_order(queue.take().newest), (std::vector{&b, &a}));
}

TEST_F(ReadyQueue, AWakeStaysUntilItIsTakenWhateverIsPushedBesideIt) {
  EXPECT_FALSE(queue.push(a));
  EXPECT_FALSE(queue.wake());
  EXPECT_FALSE(queue.push(b));
  const auto got = queue.take();
  EXPECT_TRUE(got.woken);
  EXPECT_EQ(in_order(got.newest), (std::vector{&a, &b}));
  EXPECT_FALSE(queue.take().woken);
}

TEST_F(ReadyQueue, AWakeBeforeTheSleepPreventsIt) {
  EXPECT_FALSE(queue.wake());
  EXPECT_FALSE(queue.fall_asleep());
  EXPECT_TRUE(queue.take().woken);
  EXPECT_TRUE(queue.fall_asleep());
}

TEST_F(ReadyQueue, APushBeforeTheSleepPreventsIt) {
  EXPECT_FALSE(queue.push(a));
  EXPECT_FALSE(queue.fall_asleep());
  EXPECT_EQ(in_order(queue.take().newest), (std::vector{&a}));
}

TEST_F(ReadyQueue, OnlyTheFirstPushOfASleepOwesARing) {
  ASSERT_TRUE(queue.fall_asleep());
  EXPECT_TRUE(queue.push(a));
  EXPECT_FALSE(queue.push(b));
  EXPECT_FALSE(queue.wake());
  const auto got = queue.wake_up();
  EXPECT_EQ(in_order(got.newest), (std::vector{&a, &b}));
  EXPECT_TRUE(got.woken);
  EXPECT_EQ(queue.ended(), 1U);
  EXPECT_FALSE(queue.settled());
  queue.settle();
  EXPECT_TRUE(queue.settled());
}

TEST_F(ReadyQueue, OnlyTheFirstWakeOfASleepOwesARing) {
  ASSERT_TRUE(queue.fall_asleep());
  EXPECT_TRUE(queue.wake());
  EXPECT_FALSE(queue.wake());
  EXPECT_FALSE(queue.push(a));
  const auto got = queue.wake_up();
  EXPECT_TRUE(got.woken);
  EXPECT_EQ(in_order(got.newest), (std::vector{&a}));
  EXPECT_EQ(queue.ended(), 1U);
}

TEST_F(ReadyQueue, ASleepThatEndedByItselfIsOwedNothing) {
  ASSERT_TRUE(queue.fall_asleep());
  const auto got = queue.wake_up();
  EXPECT_EQ(got.newest, nullptr);
  EXPECT_FALSE(got.woken);
  EXPECT_EQ(queue.ended(), 0U);
  EXPECT_TRUE(queue.settled());
  EXPECT_FALSE(queue.push(a)) << "the loop is awake again";
}

TEST_F(ReadyQueue, APayerThatIsLateKeepsTheQueueUnsettledOverLaterSleeps) {
  ASSERT_TRUE(queue.fall_asleep());
  ASSERT_TRUE(queue.push(a));  // and does not pay yet
  (void)queue.wake_up();
  ASSERT_TRUE(queue.fall_asleep());
  ASSERT_TRUE(queue.push(b));
  (void)queue.wake_up();
  queue.settle();
  EXPECT_FALSE(queue.settled());
  queue.settle();
  EXPECT_TRUE(queue.settled());
}

/// A loop as small as can be: takes, sleeps on the doorbell, and hands every node to `got`, oldest first.
class small_loop {
 public:
  inbox in;
  std::uint64_t rings = 0;
  std::uint64_t sleeps = 0;
  bool lost_wake_up = false;

  small_loop() { EXPECT_EQ(in.bell.open(), 0); }

  [[nodiscard]] ready_queue::taken next() {
    for (;;) {
      auto got = in.queue.take();
      if (got.newest != nullptr || got.woken) return got;
      if (!in.queue.fall_asleep()) continue;
      ++sleeps;
      pollfd watched{.fd = in.bell.handle(), .events = POLLIN, .revents = 0};
      constexpr int limit_ms = std::chrono::milliseconds(chime_test::patience).count();
      lost_wake_up = ::poll(&watched, 1, limit_ms) == 0;
      read_bell();
      got = in.queue.wake_up();
      if (got.newest != nullptr || got.woken || lost_wake_up) return got;
    }
  }

  void read_bell() {
    std::uint64_t value = 0;
    if (::read(in.bell.handle(), &value, sizeof value) == sizeof value) rings += value;
  }
};

TEST(ReadyQueueThreads, D1_EveryNodeArrivesOnceAndInItsPushersOrderWhileTheLoopSleepsAndWakes) {
  constexpr unsigned pushers = 3;
  constexpr unsigned each = 20'000;
  struct numbered : node {
    unsigned number = 0;  // plain: ordered by the queue alone
  };
  std::vector<numbered> nodes(pushers * each);
  std::vector<unsigned> next_of(pushers, 0);
  small_loop loop;
  unsigned out_of_order = 0;
  chime_test::together(pushers + 1, [&](unsigned who) {
    if (who < pushers) {
      for (unsigned i = 0; i < each; ++i) {
        numbered& n = nodes[who * each + i];
        n.number = i;
        loop.in.post(n);
        if (i % 64 == 0) std::this_thread::yield();  // lets the loop run dry
      }
      return;
    }
    for (unsigned left = pushers * each; left != 0 && !loop.lost_wake_up;) {
      for (node* n : in_order(loop.next().newest)) {
        auto& mine = static_cast<numbered&>(*n);
        const auto pusher = static_cast<std::size_t>(&mine - nodes.data()) / each;
        if (mine.number != next_of[pusher]++) ++out_of_order;
        --left;
      }
    }
  });
  ASSERT_FALSE(loop.lost_wake_up);
  EXPECT_EQ(out_of_order, 0U);
  EXPECT_EQ(next_of, std::vector<unsigned>(pushers, each));
  EXPECT_TRUE(loop.in.queue.settled()) << "everybody has returned from post()";
  loop.read_bell();
  EXPECT_EQ(loop.rings, loop.in.queue.ended()) << "one ring for each sleep that a push ended";
  EXPECT_LE(loop.rings, loop.sleeps);
}

TEST(ReadyQueueThreads, L2_NoWakeIsLostAndTheLoopSeesWhatWasWrittenBeforeIt) {
  constexpr unsigned rounds = 5000;
  small_loop loop;
  unsigned written = 0;  // plain: ordered by the queue alone
  std::atomic<unsigned> answered = 0;
  unsigned wrong = 0;
  chime_test::together(2, [&](unsigned who) {
    for (unsigned round = 1; round <= rounds; ++round) {
      if (who == 0) {
        written = round;
        loop.in.wake();
        if (!chime_test::eventually([&] { return answered.load(std::memory_order_acquire) == round; })) return;
      } else {
        if (!loop.next().woken || written != round) ++wrong;
        if (loop.lost_wake_up) return;
        answered.store(round, std::memory_order_release);
      }
    }
  });
  ASSERT_FALSE(loop.lost_wake_up);
  EXPECT_EQ(wrong, 0U);
  EXPECT_EQ(answered, rounds);
}

TEST(Doorbell, E1_AFullDoorbellIsRungWithoutLosingErrno) {
  small_loop loop;
  const std::uint64_t nearly_full = UINT64_MAX - 1;
  ASSERT_EQ(::write(loop.in.bell.handle(), &nearly_full, sizeof nearly_full), ssize_t{sizeof nearly_full});
  ASSERT_TRUE(loop.in.queue.fall_asleep());
  node n;
  errno = 4321;
  loop.in.post(n);
  EXPECT_EQ(errno, 4321);
  EXPECT_EQ(loop.in.queue.wake_up().newest, &n);
  EXPECT_TRUE(loop.in.queue.settled());
}

}  // namespace
