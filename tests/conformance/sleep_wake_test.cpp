// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The loop sleeps, and no signal is ever lost on the way to its sleep (L2, D1). A lost wake-up shows as a failure
/// after 30 seconds.
#include "world.hpp"

namespace conformance {
namespace {

struct sleep_wake : in_world {
  void SetUp() override {
    in_world::SetUp();
    if (!IsSkipped() && !HasFailure()) open_pool();
  }
};
IN_EVERY_WORLD(sleep_wake);

TEST_P(sleep_wake, a_signal_wakes_a_loop_that_sleeps_for_ever) {
  runner r(loop);
  for (int i = 0; i < 20; ++i) {
    std::atomic<bool> done{false};
    auto callback = [&](const chime::completion& c) {
      EXPECT_FALSE(c.error);
      done = true;
    };
    chime::event ev = acquire();
    const chime::ticket t = ev.get_ticket();
    std::move(ev).submit(callback);
    r.until_asleep();
    EXPECT_EQ(t.signal(), signal_result::delivered);
    ASSERT_TRUE(eventually([&] { return done.load(); })) << "round " << i;
  }
}

TEST_P(sleep_wake, a_cancel_wakes_a_loop_that_sleeps_for_ever) {
  runner r(loop);
  for (int i = 0; i < 20; ++i) {
    std::atomic<bool> done{false};
    auto callback = [&](const chime::completion& c) {
      EXPECT_EQ(outcome_of(c.error), outcome::cancelled);
      done = true;
    };
    chime::event ev = acquire();
    const chime::ticket t = ev.get_ticket();
    std::move(ev).submit(callback);
    r.until_asleep();
    EXPECT_TRUE(t.cancel());
    ASSERT_TRUE(eventually([&] { return done.load(); })) << "round " << i;
  }
}

TEST_P(sleep_wake, a_submit_of_a_signalled_event_wakes_a_loop_that_sleeps_for_ever) {
  runner r(loop);
  for (int i = 0; i < 20; ++i) {
    std::atomic<bool> done{false};
    auto callback = [&](const chime::completion& c) {
      EXPECT_FALSE(c.error);
      done = true;
    };
    chime::event ev = acquire();
    ev.get_ticket().signal();
    r.until_asleep();
    std::move(ev).submit(callback);
    ASSERT_TRUE(eventually([&] { return done.load(); })) << "round " << i;
  }
}

/// One signal at a time, from two producers, aimed at the moment when the loop falls asleep.
TEST_P(sleep_wake, hammered_in_lockstep_loses_no_signal) {
  const int rounds = (GetParam().native() ? 600 : 2000) / (sanitized ? 4 : 1);
  std::array<std::atomic<chime::ticket*>, 2> handed{};
  std::atomic<bool> over{false};
  const auto produce = [&](std::size_t who) {
    unsigned delay = 0;
    while (!over.load(std::memory_order_relaxed)) {
      chime::ticket* t = handed[who].exchange(nullptr, std::memory_order_acquire);
      if (t == nullptr) {
        std::this_thread::yield();
        continue;
      }
      for (unsigned i = 0; i < delay; ++i) (void)t->expired();
      delay = (delay + 37) % 2000;
      t->signal();
    }
  };
  std::thread first(produce, 0);
  std::thread second(produce, 1);
  chime::event ev = acquire();
  chime::ticket t = ev.get_ticket();
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    waiter w;
    std::move(ev).submit(w);
    handed[static_cast<std::size_t>(round) % 2].store(&t, std::memory_order_release);
    EXPECT_TRUE(complete(w)) << "round " << round;
    EXPECT_EQ(w.outcome(), outcome::success);
    ev = std::move(w.ev);
  }
  over = true;
  first.join();
  second.join();
  const chime::proactor_stats stats = loop.stats();
  EXPECT_EQ(stats.completions, static_cast<std::uint64_t>(rounds));
  EXPECT_LE(stats.wakeups, stats.sleeps);
}

TEST_P(sleep_wake, deadlines_hammered_from_another_thread_all_fire) {
  const int rounds = (GetParam().native() ? 100 : 300) / (sanitized ? 4 : 1);
  runner r(loop);
  for (int i = 0; i < rounds && !HasFailure(); ++i) {
    std::atomic<bool> done{false};
    auto callback = [&](const chime::completion& c) {
      EXPECT_EQ(outcome_of(c.error), outcome::timed_out);
      done.store(true, std::memory_order_release);
    };
    acquire().submit(callback, clock::now() + std::chrono::microseconds(i % 50));
    EXPECT_TRUE(eventually([&] { return done.load(); })) << "round " << i;
  }
}

TEST_P(sleep_wake, a_loop_at_full_load_neither_sleeps_nor_is_woken) {
  const int count = sanitized ? 1000 : 5000;
  // A post that submits itself keeps the loop busy, whatever the producer's pace.
  struct busy {
    chime::proactor* loop;
    chime::operation* op;
    bool over = false;
    void run(chime::completion&&) {
      if (!over) loop->submit(*op, chime::callback::to<&busy::run>(*this));
    }
  } b{&loop, &make_operation()};
  b.run({});
  std::atomic<int> completed{0};
  auto callback = [&](const chime::completion&) { completed.fetch_add(1, std::memory_order_relaxed); };
  std::thread producer([&] {
    for (int i = 0; i < count; ++i) {
      // At most 100 at once, so that a native event for each does not take all descriptors.
      while (i - completed.load(std::memory_order_relaxed) > 100) std::this_thread::yield();
      chime::event ev = acquire();
      const chime::ticket t = ev.get_ticket();
      std::move(ev).submit(callback);
      t.signal();
    }
  });
  EXPECT_TRUE(poll_until([&] { return completed.load(std::memory_order_relaxed) == count; }));
  producer.join();
  EXPECT_EQ(loop.stats().sleeps, 0U);
  EXPECT_EQ(loop.stats().wakeups, 0U);
  b.over = true;
  EXPECT_EQ(loop.poll().value_or(99), 1U);
}

TEST_P(sleep_wake, one_sleep_is_ended_by_at_most_one_wake_up) {
  std::atomic<int> completed{0};
  auto callback = [&](const chime::completion&) { completed.fetch_add(1, std::memory_order_relaxed); };
  runner r(loop);
  const int bursts = 20;
  for (int burst = 1; burst <= bursts; ++burst) {
    std::vector<chime::ticket> tickets;
    for (int i = 0; i < 10; ++i) {
      chime::event ev = acquire();
      tickets.push_back(ev.get_ticket());
      std::move(ev).submit(callback);
    }
    r.until_asleep();
    for (const chime::ticket& t : tickets) t.signal();
    ASSERT_TRUE(eventually([&] { return completed.load() == burst * 10; }));
  }
  r.stop();
  EXPECT_LE(loop.stats().wakeups, loop.stats().sleeps);
}

}  // namespace
}  // namespace conformance
