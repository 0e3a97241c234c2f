// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The explorer's memory proves itself: textbook programs whose outcomes under the C++ memory model are known.
#include "explorer/expect.hpp"
#include "explorer/explorer.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <utility>

namespace explore = chime::explore;
using chime::sync::atomic;
using chime::sync::plain;
using explore::expect_fails;
using explore::expect_passes;
using std::memory_order;
using std::memory_order_acq_rel;
using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;

namespace {

static_assert(sizeof(atomic<std::uint64_t>) == 8 && alignof(atomic<std::uint64_t>) == 8);
static_assert(sizeof(atomic<std::uint32_t>) == 4 && sizeof(plain<void*>) == 8 && sizeof(plain<int>) == 4);

explore::outcome message_passing(const explore::options& how, memory_order publish, memory_order observe) {
  return explore::run(how, [=] {
    plain<int> data{0};
    atomic<bool> ready{false};
    explore::threads(
        [&] {
          data.set(1);
          ready.store(true, publish);
        },
        [&] {
          if (ready.load(observe)) explore::check(data.get() == 1, "old data");
        });
    explore::check(data.get() == 1 && ready.load(memory_order_relaxed), "the body sees what its threads did");
  });
}

// The pairs of values that two threads can read, over all executions.
using results = std::set<std::pair<int, int>>;

TEST(memory_model, message_passing_with_release_and_acquire_passes) {
  expect_passes(message_passing({}, memory_order_release, memory_order_acquire));
}

TEST(memory_model, message_passing_needs_both_orders) {
  expect_fails(message_passing({}, memory_order_relaxed, memory_order_acquire), "data race");
  expect_fails(message_passing({}, memory_order_release, memory_order_relaxed), "data race");
}

TEST(memory_model, message_passing_through_relaxed_atomics_reads_old_data) {
  expect_fails(explore::run({},
                            [] {
                              atomic<int> data{0};
                              atomic<int> ready{0};
                              explore::threads(
                                  [&] {
                                    data.store(1, memory_order_relaxed);
                                    ready.store(1, memory_order_relaxed);
                                  },
                                  [&] {
                                    while (ready.load(memory_order_relaxed) == 0) chime::sync::relax();
                                    explore::check(data.load(memory_order_relaxed) == 1, "old data");
                                  });
                            }),
               "old data");
}

results store_buffering(bool update) {
  results seen;
  const auto r = explore::run({}, [&] {
    atomic<int> x{0};
    atomic<int> y{0};
    int a = 0;
    int b = 0;
    const auto side = [&](atomic<int>& mine, atomic<int>& other, int& result) {
      mine.store(1, memory_order_release);
      result = update ? other.fetch_add(0, memory_order_acq_rel) : other.load(memory_order_acquire);
    };
    explore::threads([&] { side(x, y, a); }, [&] { side(y, x, b); });
    seen.emplace(a, b);
  });
  expect_passes(r);
  return seen;
}

TEST(memory_model, store_buffering_shows_both_zero) {
  EXPECT_EQ(store_buffering(false), (results{{0, 0}, {0, 1}, {1, 0}, {1, 1}}));
}

TEST(memory_model, updates_read_the_latest_store) {
  EXPECT_EQ(store_buffering(true), (results{{0, 1}, {1, 0}, {1, 1}}));
}

TEST(memory_model, coherence_never_goes_backwards) {
  results seen;
  expect_passes(explore::run({.preemptions = 3, .stale_reads = 3}, [&] {
    atomic<int> x{0};
    int first = 0;
    int second = 0;
    explore::threads(
        [&] {
          x.store(1, memory_order_relaxed);
          x.store(2, memory_order_relaxed);
        },
        [&] {
          first = x.load(memory_order_relaxed);
          second = x.load(memory_order_relaxed);
        });
    seen.emplace(first, second);
  }));
  EXPECT_EQ(seen, (results{{0, 0}, {0, 1}, {0, 2}, {1, 1}, {1, 2}, {2, 2}}));
}

TEST(memory_model, coherence_holds_across_threads_that_synchronise) {
  // Thread 2 has read x == 1 and says so with a release; whoever acquires that cannot read the 0 any more.
  expect_passes(explore::run({.preemptions = 3, .stale_reads = 3}, [] {
    atomic<int> x{0};
    atomic<int> told{0};
    explore::threads([&] { x.store(1, memory_order_relaxed); },
                     [&] {
                       if (x.load(memory_order_relaxed) == 1) told.store(1, memory_order_release);
                     },
                     [&] {
                       if (told.load(memory_order_acquire) == 1) {
                         explore::check(x.load(memory_order_relaxed) == 1, "read backwards");
                       }
                     });
  }));
}

explore::outcome release_sequence(bool update) {
  return explore::run({.preemptions = 2}, [=] {
    plain<int> data{0};
    atomic<int> stage{0};
    explore::threads(
        [&] {
          data.set(1);
          stage.store(1, memory_order_release);
        },
        [&] {
          int one = 1;
          if (update) {
            (void)stage.compare_exchange_strong(one, 2, memory_order_relaxed);
          } else if (stage.load(memory_order_relaxed) == 1) {
            stage.store(2, memory_order_relaxed);
          }
        },
        [&] {
          if (stage.load(memory_order_acquire) == 2) explore::check(data.get() == 1, "old data");
        });
  });
}

TEST(memory_model, a_relaxed_update_continues_the_release_sequence) { expect_passes(release_sequence(true)); }
TEST(memory_model, a_relaxed_store_ends_the_release_sequence) { expect_fails(release_sequence(false), "data race"); }

TEST(memory_model, a_weak_exchange_fails_without_cause) {
  const auto model = [](bool weak) {
    return explore::run({}, [=] {
      atomic<int> x{0};
      explore::threads([&] {
        int zero = 0;
        explore::check(weak ? x.compare_exchange_weak(zero, 1, memory_order_relaxed)
                            : x.compare_exchange_strong(zero, 1, memory_order_relaxed),
                       "failed");
      });
    });
  };
  expect_passes(model(false));
  expect_fails(model(true), "failed");
}

TEST(memory_model, two_plain_writes_race_in_whatever_schedule) {
  const auto r = explore::run({.preemptions = 0, .stale_reads = 0}, [] {
    plain<int> data{0};
    explore::name(data, "the data");
    explore::threads([&] { data.set(1); }, [&] { data.set(2); });
  });
  expect_fails(r, "the data");
  EXPECT_EQ(r.executions, 1U);
}

TEST(memory_model, a_dead_object_is_not_used) {
  const auto model = [](bool waits) {
    return explore::run({}, [=] {
      explore::lifetime object;
      atomic<int> done{0};
      explore::threads(
          [&] {
            object.use();
            done.store(1, memory_order_release);
          },
          [&] {
            while (waits && done.load(memory_order_acquire) == 0) chime::sync::relax();
            object.end();
          });
    });
  };
  expect_passes(model(true));
  expect_fails(model(false), "an object is ");
}

TEST(memory_model, an_atomic_is_published_before_it_is_used) {
  const auto model = [](memory_order publish) {
    return explore::run({}, [=] {
      atomic<atomic<int>*> shared{nullptr};
      atomic<int>* made = nullptr;
      explore::threads(
          [&] {
            made = new atomic<int>{7};
            shared.store(made, publish);
          },
          [&] {
            if (auto* p = shared.load(memory_order_acquire)) {
              explore::check(p->load(memory_order_relaxed) == 7, "not constructed");
            }
          });
      delete made;
    });
  };
  expect_passes(model(memory_order_release));
  expect_fails(model(memory_order_relaxed), "constructed");
}

TEST(memory_model, seq_cst_and_impossible_orders_are_refused) {
  const auto load_with = [](memory_order order) { return explore::run({}, [=] { (void)atomic<int>{0}.load(order); }); };
  expect_passes(load_with(memory_order_acquire));
  expect_fails(load_with(std::memory_order_seq_cst), "seq_cst");
  expect_fails(load_with(memory_order_release), "cannot be");
}

}  // namespace
