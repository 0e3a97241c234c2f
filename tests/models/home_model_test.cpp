// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Homes (src/pool/home.cpp, src/pool/return_ring.hpp): what the polling thread sends back against the owner that acquires,
/// against caches that end and begin, against those who find nothing elsewhere, and against close.
#include "pool_stage.hpp"

namespace explore = chime::explore;
using namespace chime::models;

namespace {

constexpr std::size_t enough = 16;  // a maximum that lets the polling thread put two releases off

// Two events go out, come back through the ring in one publication, and are used again, while their owner looks.
TEST(home_model, sent_back_against_the_owner) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    pool_stage s(2, enough, true);
    std::array<cell*, 2> out{};
    flag handed;
    explore::threads(
        [&] {
          cache mine(*s.pool);
          for (cell*& c : out) c = s.acquire(1, mine);
          handed.raise();
          for (int i = 0; i < 2; ++i) {
            cell* const c = s.acquire(1, mine);
            check(c != nullptr, "exhausted was said although there was an event");
            s.release(*c);
          }
        },
        [&] {
          handed.await();
          s.in_poll([&] {
            for (cell* c : out) s.release(*c);
          });
        });
    s.finish(s.pool->stats().made);
  });
}

// The cache ends while its event is on its way back, and another begins: nothing is lost in the ring between them.
TEST(home_model, sent_back_against_the_end_of_the_cache_and_the_next_one) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    pool_stage s(1, enough, true);
    cell* out = nullptr;
    flag handed;
    explore::threads(
        [&] {
          {
            cache first(*s.pool);
            out = s.acquire(1, first);
            handed.raise();
          }
          cache second(*s.pool);
          if (cell* const c = s.acquire(1, second); c != nullptr) s.release(*c);
        },
        [&] {
          handed.await();
          s.in_poll([&] { s.release(*out); });
        });
    s.finish(s.pool->stats().made);
  });
}

// The only event may lie in the ring of a home that nobody has: whoever knows of its release finds it there.
void release_to_a_home_without_cache(bool two_look) {
  pool_stage s(1, 1, true);
  cell* out = nullptr;
  flag handed;
  flag released;
  const auto look = [&](int me) {
    released.await();
    if (cell* const c = s.acquire(me); c != nullptr) return s.release(*c);
    check(two_look, "exhausted was said although the only event was free");
  };
  explore::threads(
      [&] {
        {
          cache mine(*s.pool);
          out = s.acquire(1, mine);
          handed.raise();
        }
        look(1);
      },
      [&] {
        handed.await();
        s.in_poll([&] { s.release(*out); });
        released.raise();
        if (two_look) look(2);
      });
  s.finish(1);
}
TEST(home_model, exhausted_is_not_said_for_what_lies_in_a_home_that_nobody_has) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] { release_to_a_home_without_cache(false); });
}
TEST(home_model, two_threads_sweep_a_home_that_nobody_has) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] { release_to_a_home_without_cache(true); });
}

// Closing ends with the last event: the polling thread's publication is its last touch of home and pool.
TEST(home_model, sent_back_against_close) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] {
    pool_stage s(2, enough, true);
    std::array<cell*, 2> out{};
    {
      cache mine(*s.pool);
      for (cell*& c : out) c = s.acquire(0, mine);
    }
    explore::threads(
        [&] {
          s.in_poll([&] {
            for (cell* c : out) s.release(*c);
          });
        },
        [&] {
          while (s.pool->close() != 0) chime::sync::relax();
          s.pool.reset();
        });
    check(s.loop->close().has_value(), "the loop did not close");
  });
}

// The same while the cache still lives for a while.
TEST(home_model, end_of_the_cache_and_close_against_sent_back) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    pool_stage s(1, enough, true);
    cell* out = nullptr;
    flag handed;
    explore::threads(
        [&] {
          {
            cache mine(*s.pool);
            out = s.acquire(1, mine);
            handed.raise();
          }
          while (s.pool->close() != 0) chime::sync::relax();
          s.pool.reset();
        },
        [&] {
          handed.await();
          s.in_poll([&] { s.release(*out); });
        });
    check(s.loop->close().has_value(), "the loop did not close");
  });
}

// A cache goes from one thread to another, while the first releases an event that it still holds.
TEST(home_model, detach_against_the_next_owner_and_a_late_release) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] {
    pool_stage s(2, 3);
    cache mine(*s.pool);
    flag handed;
    explore::threads(
        [&] {
          cell* const kept = s.acquire(1, mine);
          cell* const other = s.acquire(1, mine);
          s.release(*other);
          mine.detach();
          handed.raise();
          s.release(*kept);
        },
        [&] {
          handed.await();
          cell* const c = s.acquire(2, mine);
          check(c != nullptr, "exhausted was said although there was an event");
          s.release(*c);
          mine.detach();
        });
    mine.leave();
    s.finish(s.pool->stats().made);
    mine.front = nullptr;
  });
}

// Once close has begun, the inline path takes nothing more, in spite of a stock; whoever binds meanwhile sees it too.
TEST(home_model, close_against_the_first_acquire_of_an_owner) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] {
    pool_stage s(3, 3);
    cell& held = s.must_acquire(0);  // so that closing does not end
    flag closing;
    explore::threads(
        [&] {
          cache mine(*s.pool);
          if (const auto got = mine.acquire(); got) s.release(s.own(**got, 1));
          closing.await();
          check(mine.front->take() == nullptr, "an event was taken from a closing pool");
          const auto refused = mine.acquire();
          check(!refused && refused.error() == chime::fault::pool_closed, "a closing pool gave an event");
        },
        [&] {
          (void)s.pool->close();
          closing.raise();
        });
    s.release(held);
    s.finish(3);
  });
}

}  // namespace
