// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// event_cache: refill, limit, and how its stock gets back to those who need it.
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "heap_watch.hpp"
#include "pool_fixture.hpp"
#include "together.hpp"

namespace {

using chime::errc;
using chime::fault;
using chime_test::acquire_from;
using chime_test::cell_of;
using chime_test::error_of;
using chime_test::expect_account;
using chime_test::phase;
using chime_test::phase_of;

constexpr std::size_t limit = chime::event_cache::limit;

class EventCache : public testing::Test {
 protected:
  void open(std::size_t initial, std::size_t maximum = SIZE_MAX) {
    ASSERT_TRUE(pool.open({.initial_capacity = initial, .maximum_capacity = maximum}));
    cache.emplace(pool);
  }
  std::size_t cached() { return pool.stats().cached; }

  chime::event_pool pool;
  std::optional<chime::event_cache> cache;
};

TEST_F(EventCache, D4_RefillsInABatchAndServesFromItsStock) {
  open(100);
  auto ev = acquire_from(*cache);
  const std::size_t stock = cached();
  EXPECT_GT(stock, 0U);
  EXPECT_LT(stock, limit);
  expect_account(pool, 99 - stock, stock, 1);
  auto more = acquire_from(*cache, stock);
  expect_account(pool, 99 - stock, 0, 1 + stock);
  more.push_back(acquire_from(*cache));
  expect_account(pool, 98 - 2 * stock, stock, 2 + stock);
}

TEST_F(EventCache, D4_TakesWhatThereIsIfThatIsLessThanABatch) {
  open(3);
  const auto ev = acquire_from(*cache);
  expect_account(pool, 0, 2, 1);
}

TEST_F(EventCache, GrowsThePoolByOneWhenNothingIsFree) {
  open(0);
  const auto events = acquire_from(*cache, 3);
  expect_account(pool, 0, 0, 3);
}

TEST_F(EventCache, D4_ReleasedEventsStayInTheStockAndComeBackLastInFirstOut) {
  open(0);
  auto a = acquire_from(*cache);
  auto b = acquire_from(*cache);
  const auto *const place_a = &cell_of(a), *const place_b = &cell_of(b);
  cache->release(std::move(a));
  cache->release(std::move(b));
  EXPECT_FALSE(a) << "the handle is empty";  // NOLINT(bugprone-use-after-move): that is the point
  expect_account(pool, 0, 2, 0);
  b = acquire_from(*cache);
  a = acquire_from(*cache);
  EXPECT_EQ(&cell_of(b), place_b);
  EXPECT_EQ(&cell_of(a), place_a);
}

TEST_F(EventCache, NeverKeepsMoreThanItsLimit) {
  open(0);
  auto events = acquire_from(pool, 3 * limit);
  for (auto& ev : events) {
    cache->release(std::move(ev));
    ASSERT_LE(cached(), limit);
  }
  const std::size_t stock = cached();
  EXPECT_GT(stock, 0U);
  expect_account(pool, 3 * limit - stock, stock, 0);
}

TEST_F(EventCache, D4_EventsReleasedByTheirHandleComeBackToTheStock) {
  open(0);
  acquire_from(*cache).reset();
  expect_account(pool, 0, 1, 0);
}

TEST_F(EventCache, D4_EventsReleasedByAnotherThreadGoToEverybody) {
  open(0);
  auto ev = acquire_from(*cache);
  std::thread([&] { ev.reset(); }).join();
  expect_account(pool, 1, 0, 0);
}

TEST_F(EventCache, ReleasingAnEmptyHandleDoesNothing) {
  open(0);
  cache->release(chime::event{});
  expect_account(pool, 0, 0, 0);
}

TEST_F(EventCache, ItsDestructionHandsTheStockBack) {
  open(50, 50);
  (void)acquire_from(*cache);
  EXPECT_GT(cached(), 0U);
  cache.reset();
  expect_account(pool, 50, 0, 0);
  const auto all = acquire_from(pool, 50);
}

TEST_F(EventCache, StatsCountEveryCacheThatLives) {
  open(3);
  std::optional<chime::event_cache> second(std::in_place, pool);
  std::optional<chime::event_cache> third(std::in_place, pool);
  auto events = acquire_from(pool, 3);
  cache->release(std::move(events[0]));
  second->release(std::move(events[1]));
  third->release(std::move(events[2]));
  expect_account(pool, 0, 3, 0);
  second.reset();  // from the middle of the list, then its ends
  expect_account(pool, 1, 2, 0);
  third.reset();
  expect_account(pool, 2, 1, 0);
  cache.reset();
  expect_account(pool, 3, 0, 0);
}

TEST_F(EventCache, WhoFindsNoneMakesTheNextReleaseGiveTheWholeStockBack) {
  open(4, 4);
  auto events = acquire_from(*cache, 4);
  cache->release(std::move(events[0]));
  cache->release(std::move(events[1]));
  expect_account(pool, 0, 2, 2);
  EXPECT_EQ(error_of(pool.acquire()), fault::pool_exhausted) << "a stock is invisible to others";
  expect_account(pool, 0, 2, 2);
  cache->release(std::move(events[2]));
  expect_account(pool, 3, 0, 1);
  const auto got = acquire_from(pool, 3);
  cache->release(std::move(events[3]));
  expect_account(pool, 0, 1, 3);  // one answer is enough
}

TEST_F(EventCache, OneHungryCacheIsFedByAnother) {
  open(2, 2);
  chime::event_cache other(pool);
  auto events = acquire_from(*cache, 2);
  cache->release(std::move(events[0]));
  EXPECT_EQ(error_of(other.acquire()), errc::resource_exhausted);
  cache->release(std::move(events[1]));
  const auto ev = acquire_from(other);
  expect_account(pool, 0, 1, 1);
}

TEST_F(EventCache, AReopenedPoolDoesNotAnswerForTheShortageOfItsLastLife) {
  open(1, 1);
  cache.reset();
  {
    const auto ev = acquire_from(pool);
    EXPECT_EQ(error_of(pool.acquire()), fault::pool_exhausted);
  }
  ASSERT_EQ(pool.close(), 0U);
  open(2, 2);
  auto events = acquire_from(pool, 2);
  cache->release(std::move(events[0]));
  expect_account(pool, 0, 1, 1);
}

TEST_F(EventCache, P13_D3_CloseCountsTheStockAsOutAndTheCacheIsRefused) {
  open(5);
  acquire_from(*cache).reset();
  const std::size_t stock = cached();
  ASSERT_GT(stock, 0U);
  EXPECT_EQ(pool.close(), stock);
  EXPECT_EQ(error_of(cache->acquire()), fault::pool_closed) << "in spite of its stock";
  cache.reset();
  EXPECT_EQ(pool.close(), 0U);
}

TEST_F(EventCache, D2_ASignalledEventDoesNotComeBackSignalled) {
  open(1, 1);
  auto ev = acquire_from(*cache);
  const chime::ticket old = ev.get_ticket();
  EXPECT_EQ(old.signal(), chime::signal_result::delivered);
  cache->release(std::move(ev));
  EXPECT_EQ(old.signal(), chime::signal_result::stale);
  ev = acquire_from(*cache);
  EXPECT_EQ(phase_of(ev), phase::idle);
  EXPECT_EQ(old.signal(), chime::signal_result::stale);
  EXPECT_EQ(phase_of(ev), phase::idle);
}

TEST_F(EventCache, ARetiredEventDoesNotEnterTheStock) {
  using namespace chime_test;
  open(2, 2);
  auto events = acquire_from(*cache, 2);
  set_word(events[0], {word_value::last_generation, 0, phase::idle});
  cache->release(std::move(events[0]));
  expect_account(pool, 0, 0, 1, 1);
  cache->release(std::move(events[1]));
  expect_account(pool, 0, 1, 0, 1);
  cache.reset();
  EXPECT_EQ(pool.close(), 0U);
}

TEST_F(EventCache, P6_AllocatesNothing) {
  open(200);
  std::array<chime::event, 150> events;
  std::optional<chime::event_cache> local(std::in_place, pool);
  const chime_test::heap_watch heap;
  for (auto& ev : events) {
    auto got = local->acquire();
    if (got) ev = std::move(*got);
  }
  for (auto& ev : events) local->release(std::move(ev));
  local.reset();
  EXPECT_EQ(heap.allocations(), 0U);
  expect_account(pool, 200, 0, 0);
}

TEST_F(EventCache, D4_OwnersOnDifferentThreadsNeverShareAnEventAndAreNotRefusedBelowTheGuarantee) {
  constexpr unsigned threads = 3;
  constexpr unsigned share = 40;
  constexpr std::size_t maximum = threads * (share + limit);  // peak held, and the limits of all caches
  ASSERT_TRUE(pool.open({.maximum_capacity = maximum}));
  std::vector<std::atomic<bool>> held(maximum + 1);
  std::atomic<unsigned> held_twice = 0;
  std::atomic<unsigned> refused = 0;
  chime_test::together(threads, [&](unsigned who) {
    chime::event_cache mine(pool);
    std::array<chime::event, share> hand;
    for (unsigned round = 0; round < 1000; ++round) {
      const unsigned wanted = 1 + (round * 7 + who) % share;
      for (unsigned i = 0; i < wanted; ++i) {
        auto got = mine.acquire();
        if (!got) {
          ++refused;
          continue;
        }
        hand[i] = std::move(*got);
        if (held[cell_of(hand[i]).index()].exchange(true)) ++held_twice;
      }
      for (unsigned i = 0; i < wanted; ++i) {
        if (!hand[i]) continue;
        held[cell_of(hand[i]).index()] = false;
        if ((round + i) % 3 == 0) {
          hand[i].reset();
        } else {
          mine.release(std::move(hand[i]));
        }
      }
    }
  });
  EXPECT_EQ(held_twice, 0U);
  EXPECT_EQ(refused, 0U);
  const std::size_t made = pool.stats().made;
  EXPECT_LE(made, maximum);
  expect_account(pool, made, 0, 0);
}

TEST(EventCacheLimits, D2_AnEventInItsLastUseIsRetiredRatherThanKept) {
  chime::event_pool pool;
  ASSERT_TRUE(pool.open({.maximum_capacity = 1}));
  chime::event_cache cache(pool);
  auto ev = acquire_from(cache);
  chime_test::set_word(ev, {chime_test::word_value::last_generation, 0, chime_test::phase::idle});
  ev.reset();
  expect_account(pool, 0, 0, 0, 1);
  EXPECT_EQ(error_of(cache.acquire()), fault::pool_exhausted);
}

using EventCacheDeathTest = chime_test::DeathTestSuite;

TEST_F(EventCacheDeathTest, D3_AnEventOfAnotherPoolStopsTheProgram) {
  chime::event_pool mine;
  chime::event_pool other;
  ASSERT_TRUE(mine.open());
  ASSERT_TRUE(other.open());
  chime::event_cache cache(mine);
  auto ev = acquire_from(other);
  EXPECT_DEATH(cache.release(std::move(ev)), "chime: an event was released to another pool's cache");
}

}  // namespace
