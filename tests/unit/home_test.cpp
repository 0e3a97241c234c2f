// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Where a cache's events go when they are released: by its thread, by the polling thread, by others; and what happens when
/// the cache is detached, ends, or had no memory.
#include <gtest/gtest.h>

#include <optional>
#include <semaphore>
#include <thread>
#include <vector>

#include "counting_memory.hpp"
#include "pool_fixture.hpp"

namespace {

using chime::fault;
using chime_test::acquire_from;
using chime_test::error_of;
using chime_test::expect_account;

class Home : public testing::Test {
 protected:
  void open(std::size_t initial, std::size_t maximum = SIZE_MAX) {
    ASSERT_TRUE(loop.open());
    ASSERT_TRUE(pool.open(loop, {.initial_capacity = initial, .maximum_capacity = maximum}));
  }
  /// Runs `work` as a completion, in a poll of its own.
  template <class Work>
  void in_poll(Work work) {
    auto done = [&](chime::completion&&) { work(); };
    loop.submit(post, done);
    ASSERT_EQ(loop.poll().value_or(0), 1U);
  }

  chime::proactor loop;
  chime::operation post;
  chime::event_pool pool;
};

TEST_F(Home, D4_WhatThePollingThreadReleasesComesBackToTheCacheAtTheEndOfThePoll) {
  open(40);
  std::thread([&] {
    chime::event_cache cache(pool);
    auto events = acquire_from(cache, 20);
    const std::size_t stock = pool.stats().cached;
    std::thread poller([&] {
      in_poll([&] {
        for (unsigned i = 0; i < 5; ++i) events[i].reset();
        EXPECT_EQ(pool.stats().cached, stock) << "not yet";
      });
    });
    poller.join();
    EXPECT_EQ(pool.stats().cached, stock + 5);
    for (std::size_t i = 0; i < stock + 5; ++i) events.push_back(acquire_from(cache));
    EXPECT_EQ(pool.stats().made, 40U) << "nothing was made while some were at home";
  }).join();
}

TEST_F(Home, D4_AfterSixteenReleasesTheyComeBackBeforeTheEndOfThePoll) {
  open(40);
  std::thread([&] {
    chime::event_cache cache(pool);
    auto events = acquire_from(cache, 20);
    const std::size_t stock = pool.stats().cached;
    std::thread([&] {
      in_poll([&] {
        for (unsigned i = 0; i < 15; ++i) events[i].reset();
        EXPECT_EQ(pool.stats().cached, stock) << "not yet";
        events[15].reset();
        EXPECT_EQ(pool.stats().cached, stock + 16);
      });
    }).join();
  }).join();
}

TEST_F(Home, D4_ASmallPoolPutsNothingOff) {
  open(1, 1);
  auto ev = acquire_from(pool);
  in_poll([&] {
    ev.reset();
    std::thread([&] { EXPECT_TRUE(pool.acquire()) << "in the middle of a completion"; }).join();
  });
}

TEST_F(Home, D4_OnceSomebodyHasFoundNoneThePollingThreadPutsNothingOff) {
  open(64, 64);
  auto events = acquire_from(pool, 64);
  in_poll([&] {
    std::error_code before;
    std::error_code after;
    events[0].reset();
    std::thread([&] { before = error_of(pool.acquire()); }).join();
    events[1].reset();
    std::thread([&] { after = error_of(pool.acquire()); }).join();
    EXPECT_EQ(before, fault::pool_exhausted) << "a release is put off to the end of the poll";
    EXPECT_FALSE(after) << after.message();
  });
  events.clear();
  expect_account(pool, 64, 0, 0);
}

TEST_F(Home, WhatThePollingThreadReleasedItAcquiresAgainInTheSameCompletion) {
  open(16, 16);
  auto events = acquire_from(pool, 16);
  in_poll([&] {
    events[3].reset();
    events[3] = acquire_from(pool);
  });
}

TEST_F(Home, TheRingsOverflowGoesToEverybody) {
  open(0);
  std::thread([&] {
    chime::event_cache cache(pool);
    auto events = acquire_from(cache, 400);
    std::thread([&] { in_poll([&] { events.clear(); }); }).join();
    EXPECT_LE(pool.stats().cached, chime::event_cache::limit);
    expect_account(pool, 400 - pool.stats().cached, pool.stats().cached, 0);
  }).join();
  expect_account(pool, 400, 0, 0);
}

TEST_F(Home, ARingThatOverflowedTakesAgainWhenItsOwnerHasEmptiedIt) {
  open(400, 400);
  std::vector<chime::event> events;
  std::binary_semaphore acquired{0};
  std::binary_semaphore released{0};
  std::thread producer([&] {
    chime::event_cache cache(pool);
    for (int round = 0; round < 3; ++round) {
      events = acquire_from(cache, 400);
      acquired.release();
      released.acquire();
      EXPECT_EQ(pool.stats().cached, 256U) << "round " << round;
    }
  });
  for (int round = 0; round < 3; ++round) {
    acquired.acquire();
    in_poll([&] { events.clear(); });
    released.release();
  }
  producer.join();
}

TEST_F(Home, WhoFindsNoneGetsWhatLiesInTheRingAtTheOwnersNextRelease) {
  open(0, 100);
  std::thread([&] {
    chime::event_cache cache(pool);
    auto events = acquire_from(cache, 100);
    std::thread([&] { in_poll([&] { events.resize(1); }); }).join();
    EXPECT_EQ(error_of(pool.acquire()), fault::pool_exhausted);
    events.clear();
    expect_account(pool, 100, 0, 0);
  }).join();
}

TEST_F(Home, ADetachedCacheIsGivenNothingAndServesItsNextThread) {
  open(10);
  std::optional<chime::event_cache> cache(std::in_place, pool);
  auto events = acquire_from(*cache, 3);
  events[0].reset();
  cache->detach();
  cache->detach();
  const std::size_t stock = pool.stats().cached;
  events[1].reset();
  in_poll([&] { events[2].reset(); });
  EXPECT_EQ(pool.stats().cached, stock) << "released to everybody";
  std::thread([&] {
    for (std::size_t i = 0; i < stock; ++i) events.push_back(acquire_from(*cache));
    EXPECT_EQ(pool.stats().cached, 0U);
    events.clear();
    cache->detach();
  }).join();
  EXPECT_GT(pool.stats().cached, 0U);
}

TEST_F(Home, ACacheThatEndsLeavesItsHomeToTheNextOne) {
  chime_test::counting_memory memory;
  ASSERT_TRUE(pool.open({.initial_capacity = 4, .memory = memory.get()}));
  std::optional<chime::event_cache> cache(std::in_place, pool);
  const std::size_t asked = memory.requests;
  for (int i = 0; i < 10; ++i) {
    (void)acquire_from(*cache);
    cache.reset();
    cache.emplace(pool);
  }
  EXPECT_EQ(memory.requests, asked);
  cache.reset();
  EXPECT_EQ(pool.close(), 0U);
  EXPECT_EQ(memory.bytes, 0U);
}

// The first call of a thread: it has no number yet, and must not be taken for the owner of what nobody owns.
TEST_F(Home, P4_WithoutMemoryForAHomeACacheWorksAsThePoolDoes) {
  chime_test::counting_memory memory;
  ASSERT_TRUE(pool.open({.initial_capacity = 4, .memory = memory.get()}));
  memory.grants_left = 0;
  std::thread([&] {
    chime::event_cache cache(pool);
    auto events = acquire_from(cache, 4);
    cache.release(std::move(events[0]));
    events.clear();
    cache.detach();
  }).join();
  expect_account(pool, 4, 0, 0);
  EXPECT_EQ(pool.close(), 0U);
}

TEST_F(Home, D3_ACacheOfAPoolThatIsNotOpenIsRefused) {
  chime::event_cache never(pool);
  EXPECT_EQ(error_of(never.acquire()), fault::pool_closed);
}

TEST_F(Home, D3_AfterCloseHasBegunNoThreadGetsWhatACacheKeeps) {
  open(10);
  std::optional<chime::event_cache> cache(std::in_place, pool);
  acquire_from(*cache).reset();
  cache->detach();
  EXPECT_NE(pool.close(), 0U);
  std::thread([&] { EXPECT_EQ(error_of(cache->acquire()), fault::pool_closed); }).join();
  cache.reset();
  EXPECT_EQ(pool.close(), 0U);
}

TEST_F(Home, P13_TheDestructorWaitsForWhatACompletionHasReleased) {
  ASSERT_TRUE(loop.open());
  std::optional<chime::event_pool> mine(std::in_place);
  ASSERT_TRUE(mine->open(loop, {.initial_capacity = 200}));
  auto events = acquire_from(*mine, 1);
  std::atomic<bool> released{false};
  std::atomic<bool> destroying{false};
  std::thread destroyer([&] {
    while (!released) std::this_thread::yield();
    destroying = true;
    mine.reset();
  });
  in_poll([&] {
    events.clear();
    released = true;
    while (!destroying) std::this_thread::yield();
  });
  destroyer.join();
}

using HomeDeathTest = chime_test::DeathTestSuite;

TEST_F(HomeDeathTest, D3_ASecondThreadOnACacheStopsTheProgram) {
  chime::event_pool pool;
  ASSERT_TRUE(pool.open({.initial_capacity = 4}));
  chime::event_cache cache(pool);
  acquire_from(cache).reset();
  EXPECT_DEATH(std::thread([&] { (void)cache.acquire(); }).join(), "chime: a cache was used by a second thread");
  EXPECT_DEATH(std::thread([&] { cache.detach(); }).join(),
               "chime: a cache was detached by a thread that does not use it");
}

}  // namespace
