// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Caches (src/pool/home.cpp, cache.hpp) from their creation to their end, where they are few or full: two that begin at
/// once, a stock that spills, a ring that is full and wraps, and an end while events are out. (What the polling thread sends
/// back against everybody else is in home_model_test.cpp.)
#include "pool_stage.hpp"

namespace explore = chime::explore;
using namespace chime::models;

namespace {

constexpr std::size_t stock = chime::sync::stock_places;
constexpr std::size_t ring = chime::sync::ring_places;

// Two caches begin at once; one home was left by an earlier cache, and one of them gets it.
TEST(cache_model, two_caches_begin_with_one_home_left_over) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    pool_stage s(2, 2);
    {
      const cache earlier(*s.pool);
    }
    std::array<const chime::detail::home*, 2> homes{};  // a ghost
    const auto use = [&](std::size_t me) {
      cache mine(*s.pool);
      homes[me] = mine.place();
      check(homes[me] != nullptr && homes[0] != homes[1], "two caches have the same home, or one has none");
      cell* const c = s.acquire(static_cast<int>(me), mine);
      if (c != nullptr) s.release(*c);
      homes[me] = nullptr;
    };
    explore::threads([&] { use(0); }, [&] { use(1); });
    s.finish(2);
  });
}

// One release more than the stock holds: some of it goes to everybody, where another thread finds it.
TEST(cache_model, stock_that_spills_against_acquire) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    pool_stage s(stock + 1, stock + 1);
    flag spilt;
    explore::threads(
        [&] {
          cache mine(*s.pool);
          std::array<cell*, stock + 1> out{};
          for (cell*& c : out) c = s.acquire(1, mine);
          for (cell* c : out) {
            if (c != nullptr) s.release(*c, mine);
          }
          spilt.raise();
          if (cell* const c = s.acquire(1, mine); c != nullptr) s.release(*c, mine);
        },
        [&] {
          if (cell* const c = s.acquire(2); c != nullptr) s.release(*c);
          spilt.await();
          s.release(s.must_acquire(2));
        });
    s.finish(stock + 1);
  });
}

// More events than the ring holds come home while their owner takes them: the ring fills and wraps, and what finds no room
// goes to everybody.
TEST(cache_model, ring_that_is_full_against_its_owner) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    constexpr std::size_t count = ring + 1;
    pool_stage s(count, 2 * stock, true);
    std::array<cell*, count> out{};
    flag handed;
    explore::threads(
        [&] {
          cache mine(*s.pool);
          for (cell*& c : out) c = s.acquire(1, mine);
          handed.raise();
          for (int i = 0; i < 3; ++i) {
            cell* const c = s.acquire(1, mine);
            check(c != nullptr, "exhausted was said although there was an event");
            s.disown(*c);
            s.pool->release(*c);  // not into the stock, so that the ring is needed again
          }
        },
        [&] { s.send_back(handed, out); });
    s.finish(s.pool->stats().made);
  });
}

// A cache ends while its event is out. Another thread releases it, and whoever knows of that finds it.
TEST(cache_model, end_while_an_event_is_out_against_release_and_acquire) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    pool_stage s(1, 1);
    cell* out = nullptr;
    flag handed;
    flag released;
    explore::threads(
        [&] {
          cache mine(*s.pool);
          out = s.acquire(1, mine);
          handed.raise();
        },
        [&] {
          handed.await();
          if (out != nullptr) s.release(*out);
          released.raise();
        },
        [&] {
          if (cell* const c = s.acquire(3); c != nullptr) return s.release(*c);
          released.await();
          s.release(s.must_acquire(3));
        });
    s.finish(1);
  });
}

// There is no memory for a second home: that cache works by the pool alone, beside one that has a home.
TEST(cache_model, cache_without_a_home_against_one_with) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    pool_stage s(2, 2);
    s.kernel.refuse_memory(1);
    const auto use = [&](int me) {
      cache mine(*s.pool);
      if (cell* const c = s.acquire(me, mine); c != nullptr) s.release(*c, mine);
    };
    explore::threads([&] { use(1); }, [&] { use(2); });
    s.finish(2);
  });
}

}  // namespace
