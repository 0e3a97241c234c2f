// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The explorer's scheduler and search prove themselves: blocking, spinning, bounds, traces and random search.
#include "explorer/explorer.hpp"
#include "explorer/expect.hpp"
#include "sync/misuse.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>

namespace explore = chime::explore;
using chime::sync::atomic;
using chime::sync::plain;
using explore::expect_fails;
using explore::expect_passes;
using std::memory_order_acq_rel;
using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;

namespace {

TEST(explorer, a_deadlock_is_found) {
  const auto r = explore::run({}, [] {
    explore::doorbell a;
    explore::doorbell b;
    explore::threads(
        [&] {
          a.wait();
          b.ring();
        },
        [&] {
          b.wait();
          a.ring();
        });
  });
  expect_fails(r, "deadlock");
}

TEST(explorer, a_doorbell_keeps_its_rings_and_orders_nothing) {
  expect_passes(explore::run({}, [] {
    explore::doorbell bell;
    explore::threads([&] { bell.wait(); }, [&] { bell.ring(); });
  }));
  expect_fails(explore::run({},
                            [] {
                              explore::doorbell bell;
                              plain<int> data{0};
                              explore::threads(
                                  [&] {
                                    bell.wait();
                                    (void)data.get();
                                  },
                                  [&] {
                                    data.set(1);
                                    bell.ring();
                                  });
                            }),
               "data race");
}

TEST(explorer, a_time_out_is_a_branch) {
  std::set<bool> seen;
  expect_passes(explore::run({}, [&] {
    explore::doorbell bell;
    bool rung = false;
    explore::threads([&] { rung = bell.wait_or_time_out(); }, [&] { bell.ring(); });
    seen.insert(rung);
  }));
  EXPECT_EQ(seen, (std::set<bool>{false, true}));
  // Time-outs that nobody prevents cost nothing: this is no deadlock.
  expect_passes(explore::run({.time_outs = 0}, [] {
    explore::doorbell bell;
    explore::threads([&] { explore::check(!bell.wait_or_time_out(), "nobody rang"); });
  }));
}

TEST(explorer, a_futex_sleeps_only_on_the_expected_value) {
  const auto model = [](bool wakes) {
    return explore::run({.preemptions = 3}, [=] {
      atomic<int> gate{0};
      explore::threads(
          [&] {
            while (gate.load(memory_order_acquire) == 0) explore::futex_wait(gate, 0);
          },
          [&] {
            gate.store(1, memory_order_release);
            if (wakes) explore::futex_wake(gate);
          });
    });
  };
  expect_passes(model(true));
  expect_fails(model(false), "deadlock");
}

TEST(explorer, spinning_with_relax_ends) {
  const auto r = explore::run({.preemptions = 3, .stale_reads = 3}, [] {
    atomic<int> lock{0};
    plain<int> data{0};
    const auto add = [&] {
      while (lock.exchange(1, memory_order_acquire) != 0) chime::sync::relax();
      data.set(data.get() + 1);
      lock.store(0, memory_order_release);
    };
    explore::threads(add, add, add);
    explore::check(data.get() == 3, "lost an addition");
  });
  expect_passes(r);
}

TEST(explorer, a_livelock_is_found) {
  const auto model = [](bool relaxes) {
    return explore::run({}, [=] {
      atomic<int> never{0};
      explore::threads([&] {
        while (never.load(memory_order_relaxed) == 0) {
          if (relaxes) chime::sync::relax();
        }
      });
    });
  };
  expect_fails(model(true), "livelock");
  expect_fails(model(false), "livelock");
}

TEST(explorer, exceptions_do_not_leave_a_thread) {
  expect_fails(explore::run({}, [] { explore::threads([] { throw 1; }); }), "exception");
}

TEST(explorer, misuse_is_a_failure) {
  expect_fails(explore::run({}, [] { chime::detail::misuse("released twice", 2); }), "misuse: 2 released twice");
}

TEST(explorer, a_choice_takes_every_value) {
  std::set<unsigned> seen;
  expect_passes(explore::run({}, [&] { explore::threads([&] { seen.insert(explore::choose(3)); }); }));
  EXPECT_EQ(seen, (std::set<unsigned>{0, 1, 2}));
}

TEST(explorer, which_waiter_is_woken_is_a_branch) {
  std::set<int> seen;
  expect_passes(explore::run({}, [&] {
    atomic<int> gate{0};
    int order = 0;
    int first = 0;
    const auto waiter = [&](int who) {
      explore::futex_wait(gate, 0);
      if (order++ == 0) first = who;
    };
    explore::threads([&] { waiter(1); }, [&] { waiter(2); },
                     [&] {
                       gate.store(1, memory_order_relaxed);
                       explore::futex_wake(gate);
                       explore::futex_wake(gate);
                     });
    seen.insert(first);
  }));
  EXPECT_EQ(seen, (std::set<int>{1, 2}));
}

// Two increments that are no updates lose one only with a preemption in between.
void lossy_counter() {
  atomic<int> count{0};
  const auto add = [&] { count.store(count.load(memory_order_relaxed) + 1, memory_order_relaxed); };
  explore::threads(add, add);
  explore::check(count.load(memory_order_relaxed) == 2, "lost an addition");
}

void sound_counter() {
  atomic<int> count{0};
  const auto add = [&] { count.fetch_add(1, memory_order_relaxed); };
  explore::threads(add, add);
  explore::check(count.load(memory_order_relaxed) == 2, "lost an addition");
}

void unsynchronised() {
  plain<int> data{0};
  atomic<bool> ready{false};
  explore::threads(
      [&] {
        data.set(1);
        ready.store(true, memory_order_relaxed);
      },
      [&] {
        if (ready.load(memory_order_acquire)) explore::check(data.get() == 1, "old data");
      });
}

TEST(explorer, bounds_bound) {
  expect_passes(explore::run({.preemptions = 0, .stale_reads = 0}, lossy_counter));
  expect_fails(explore::run({.preemptions = 1, .stale_reads = 0}, lossy_counter), "lost an addition");
  expect_fails(explore::run({.preemptions = 0, .stale_reads = 1}, lossy_counter), "lost an addition");
  EXPECT_FALSE(explore::run({.stale_reads = 0, .max_executions = 1}, lossy_counter).complete);
}

TEST(explorer, a_search_says_how_far_it_was_full) {
  const auto all = explore::run({.preemptions = 3}, sound_counter);
  EXPECT_TRUE(all.complete && all.full_preemptions == 3) << all.report();
  const auto most = explore::run({.preemptions = 3, .max_executions = all.executions - 1}, sound_counter);
  EXPECT_FALSE(most.complete);
  EXPECT_LT(most.full_preemptions, 3);
  EXPECT_EQ(explore::run({.max_executions = 0}, sound_counter).full_preemptions, -1);
  EXPECT_FALSE(explore::run({.max_seconds = 1e-9}, sound_counter).complete);
}

TEST(explorer, a_trace_replays_its_failure) {
  for (const auto method : {explore::search::bounded, explore::search::random}) {
    const auto found = explore::run({.method = method}, lossy_counter);
    ASSERT_TRUE(found.failed);
    const auto again = explore::run({.replay = found.trace}, lossy_counter);
    expect_fails(again, "lost an addition");
    EXPECT_EQ(again.executions, 1U);
    EXPECT_EQ(again.trace, found.trace);
    EXPECT_EQ(again.story, found.story);
  }
  expect_fails(explore::run({.replay = "p1,0"}, lossy_counter), "not a trace");
}

TEST(explorer, random_search_finds_what_bounded_search_finds) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    expect_fails(explore::run({.method = explore::search::random, .max_executions = 2000, .seed = seed}, lossy_counter),
                 "lost an addition");
    expect_fails(
        explore::run({.method = explore::search::random, .max_executions = 2000, .seed = seed}, unsynchronised),
        "data race");
  }
  const auto sound = explore::run({.method = explore::search::random, .max_executions = 2000}, sound_counter);
  EXPECT_FALSE(sound.failed) << sound.report();
  EXPECT_EQ(sound.executions, 2000U);
}

TEST(explorer, a_model_that_does_not_repeat_itself_is_refused) {
  int calls = 0;
  expect_fails(explore::run({}, [&] { (void)explore::choose(++calls % 2 == 0 ? 2 : 3); }), "repeat itself");
}

}  // namespace
