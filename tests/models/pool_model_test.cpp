// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The pool itself (src/pool, compiled against the explorer): release against acquire and growth, growers that race
/// for a page, caches, and close against the last release.
#include "pool_stage.hpp"

namespace explore = chime::explore;
using namespace chime::models;
using chime::detail::word_value;

namespace {

// At the maximum: an acquirer gets the event that is released, or is told "exhausted" while it was out; once it knows
// of the release, it gets the event.
TEST(pool_model, release_against_acquire_at_the_maximum) {
  expect_holds({.preemptions = 3, .stale_reads = 2}, [] {
    pool_stage s(0, 1);
    cell& held = s.must_acquire(0);
    flag released;
    explore::threads(
        [&] {
          s.release(held);
          released.raise();
        },
        [&] {
          if (cell* c = s.acquire(2); c != nullptr) return s.release(*c);
          released.await();
          s.release(s.must_acquire(2));
        });
    s.finish(1);
  });
}

// Three threads that never want more events than two at once, in a pool that has none yet: nobody is told "exhausted".
TEST(pool_model, growth_and_release_against_acquire) {
  expect_holds({.preemptions = 2, .stale_reads = 0}, [] {
    pool_stage s(0, 2);
    semaphore room(2);
    const auto use = [&](int me) {
      room.enter();
      s.release(s.must_acquire(me));
      room.leave();
    };
    explore::threads([&] { use(1); }, [&] { use(2); }, [&] { use(3); });
    s.finish(s.pool->stats().made);
  });
}

// The first page does not exist yet: both make one, and the loser gives its own back.
TEST(pool_model, two_growers_race_for_a_page) {
  expect_holds({.preemptions = 3, .stale_reads = 2}, [] {
    pool_stage s(0, 2);
    std::array<cell*, 2> got{};
    explore::threads([&] { got[0] = &s.must_acquire(1); }, [&] { got[1] = &s.must_acquire(2); });
    check(s.kernel.blocks_out() == 1, "the loser's page was not given back");
    for (cell* c : got) s.release(*c);
    s.finish(2);
  });
}

// The same for the last number, and with memory for one page only: who fails leaves nothing behind.
TEST(pool_model, growers_race_for_the_last_number_without_memory) {
  expect_holds({.preemptions = 3, .stale_reads = 2}, [] {
    pool_stage s(0, 1);
    s.kernel.refuse_memory(1);
    std::array<cell*, 2> got{};
    const auto grow = [&](std::size_t me) {
      const auto c = s.pool->acquire();
      if (c) got[me] = &s.own(**c, static_cast<int>(me));
      check(c || c.error() == chime::errc::resource_exhausted, "the wrong error");
    };
    explore::threads([&] { grow(0); }, [&] { grow(1); });
    check((got[0] == nullptr) != (got[1] == nullptr), "not one of two growers got the only event");
    s.release(got[0] != nullptr ? *got[0] : *got[1]);
    s.finish(1);
  });
}

// A cache takes and keeps the pool's events. Whoever then finds none says so, and the cache's next release gives all
// back.
TEST(pool_model, cache_against_acquire_of_a_hungry_thread) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    pool_stage s(2, 2);
    flag hungry;
    flag fed;
    explore::threads(
        [&] {
          cache mine(*s.pool);
          cell* c = s.acquire(1, mine);
          check(c != nullptr, "exhausted was said although there was an event");
          hungry.await();
          s.release(*c, mine);
          fed.raise();
        },
        [&] {
          cell* c = s.acquire(2);
          const bool found_none = c == nullptr;
          if (!found_none) s.release(*c);
          hungry.raise();
          fed.await();
          if (found_none) s.release(s.must_acquire(2));
        });
    s.finish(2);
  });
}

// Two caches and a thread without: refills in batches, releases into caches, and the stocks that come back at the end.
TEST(pool_model, two_caches_against_each_other) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    pool_stage s(1, 3);
    const auto use = [&](int me) {
      cache mine(*s.pool);
      for (int i = 0; i < 2; ++i) {
        if (cell* c = s.acquire(me, mine); c != nullptr) s.release(*c, mine);
      }
    };
    explore::threads([&] { use(1); }, [&] { use(2); });
    s.finish(s.pool->stats().made);
  });
}

// Closing begins while events are out, and ends when the last one has come back: the releaser touches nothing after
// that.
TEST(pool_model, close_against_late_releases) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    pool_stage s(0, 2);
    cell& first = s.must_acquire(0);
    cell& second = s.must_acquire(0);
    explore::threads([&] { s.release(first); }, [&] { s.release(second); },
                     [&] {
                       while (s.pool->close() != 0) chime::sync::relax();
                       s.pool.reset();
                     });
  });
}

// An acquire at the same time gets an event, or hears that the pool is closed.
TEST(pool_model, close_against_acquire_and_release) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    pool_stage s(1, 2);
    cell& held = s.must_acquire(0);
    flag acquired;
    explore::threads(
        [&] {
          const auto got = s.pool->acquire();
          check(got || got.error() == chime::fault::pool_closed, "the wrong error");
          acquired.raise();
          if (got) s.release(s.own(**got, 1));
        },
        [&] {
          acquired.await();
          s.release(held);
        },
        [&] {
          while (s.pool->close() != 0) chime::sync::relax();
          s.pool.reset();
        });
  });
}

// An event at the end of its generations is not handed out again, and the pool closes without it.
TEST(pool_model, close_against_release_that_retires) {
  expect_holds({.preemptions = 3, .stale_reads = 2}, [] {
    pool_stage s(0, 2);
    cell& held = s.must_acquire(0);
    new (&held.word) chime::detail::event_word(word_value{word_value::last_generation, 0, chime::detail::phase::idle});
    explore::threads([&] { s.release(held); },
                     [&] {
                       while (s.pool->close() != 0) chime::sync::relax();
                       s.pool.reset();
                     });
  });
}

// A batch is popped by a cache while its only event goes and comes back on top of one of a page that is just being
// made: the link that the batch follows may name an event that this thread cannot see yet.
void batch_and_new_page() {
  constexpr std::size_t first_page = chime::detail::page::cells_per_page;
  pool_stage s(first_page, first_page + 1);
  std::array<cell*, first_page - 1> held{};
  for (cell*& c : held) c = &s.must_acquire(0);
  explore::threads(
      [&] {
        cache mine(*s.pool);
        cell* c = s.acquire(1, mine);
        if (c != nullptr) s.release(*c, mine);
      },
      [&] {
        cell* first = s.acquire(2);
        cell* second = s.acquire(2);
        if (second != nullptr) s.release(*second);
        if (first != nullptr) s.release(*first);
      });
  for (cell* c : held) s.release(*c);
  s.finish(s.pool->stats().made);
}
TEST(pool_model, batch_against_growth_into_a_new_page) {
  expect_holds({.preemptions = 2, .stale_reads = 0, .max_steps = 20'000}, batch_and_new_page);
  expect_holds_at_random({.preemptions = 4, .stale_reads = 3, .max_executions = 20'000, .max_steps = 20'000},
                         batch_and_new_page);
}

}  // namespace
