// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Acquire, release and growth by many threads at once, and release by a thread that never acquired.
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <vector>

#include "counting_memory.hpp"
#include "heap_watch.hpp"
#include "pool_fixture.hpp"
#include "together.hpp"

namespace {

using chime_test::acquire_from;
using chime_test::cell_of;
using chime_test::counting_memory;
using chime_test::error_of;
using chime_test::expect_account;
using chime_test::together;

constexpr unsigned threads = 4;

TEST(EventPoolThreads, P5_NoEventHasTwoHoldersAndNobodyIsRefusedBelowTheMaximum) {
  constexpr unsigned share = 3;
  chime::event_pool pool;
  ASSERT_TRUE(pool.open({.maximum_capacity = threads * share}));
  std::vector<std::atomic<bool>> held(threads * share + 1);
  std::atomic<unsigned> held_twice = 0;
  std::atomic<unsigned> refused = 0;
  together(threads, [&](unsigned who) {
    std::array<chime::event, share> mine;
    for (unsigned round = 0; round < 10'000; ++round) {
      const unsigned wanted = 1 + (round + who) % share;
      for (unsigned i = 0; i < wanted; ++i) {
        auto got = pool.acquire();
        if (!got) {
          ++refused;
          continue;
        }
        mine[i] = std::move(*got);
        if (held[cell_of(mine[i]).index()].exchange(true)) ++held_twice;
      }
      for (unsigned i = 0; i < wanted; ++i) {
        if (!mine[i]) continue;
        held[cell_of(mine[i]).index()] = false;
        mine[i].reset();
      }
    }
  });
  EXPECT_EQ(held_twice, 0U);
  EXPECT_EQ(refused, 0U) << "the maximum was never asked for in full";
  const chime::pool_stats s = pool.stats();
  EXPECT_LE(s.made, threads * share);
  expect_account(pool, s.made, 0, 0);
}

TEST(EventPoolThreads, P5_TheAccountIsRightAfterRefusalsToo) {
  chime::event_pool pool;
  ASSERT_TRUE(pool.open({.maximum_capacity = threads - 1}));
  std::atomic<unsigned> odd_errors = 0;
  together(threads, [&](unsigned) {
    for (unsigned round = 0; round < 10'000; ++round) {
      const auto first = pool.acquire();
      const auto second = pool.acquire();
      if (!first && first.error() != chime::fault::pool_exhausted) ++odd_errors;
      if (!second && second.error() != chime::fault::pool_exhausted) ++odd_errors;
    }
  });
  EXPECT_EQ(odd_errors, 0U);
  const std::size_t made = pool.stats().made;
  EXPECT_LE(made, threads - 1);
  expect_account(pool, made, 0, 0);
  const auto events = acquire_from(pool, threads - 1);
  EXPECT_EQ(error_of(pool.acquire()), chime::fault::pool_exhausted);
}

TEST(EventPoolThreads, P3_ThreadsThatGrowAtOnceMakeEveryEventOnce) {
  constexpr unsigned each = 63 * 5;
  for (unsigned round = 0; round < 5; ++round) {
    counting_memory memory;
    chime::event_pool pool;
    ASSERT_TRUE(pool.open({.memory = memory.get()}));
    std::vector<std::vector<chime::event>> got(threads);
    together(threads, [&](unsigned who) { got[who] = acquire_from(pool, each); });
    std::set<const void*> places;
    for (const auto& events : got) {
      for (const auto& ev : events) places.insert(&cell_of(ev));
    }
    EXPECT_EQ(places.size(), threads * each);
    expect_account(pool, 0, 0, threads * each);
    EXPECT_EQ(memory.blocks, threads * 5 + 2) << "pages that lost the race were given back, two nodes stay";
    got.clear();
    EXPECT_EQ(pool.close(), 0U);
    EXPECT_EQ(memory.bytes, 0U);
  }
}

TEST(EventPoolThreads, P6_AnyThreadReleasesAndItAllocatesNothing) {
  constexpr std::size_t count = 500;
  counting_memory memory;
  chime::event_pool pool;
  ASSERT_TRUE(pool.open({.memory = memory.get()}));
  auto events = acquire_from(pool, count);
  memory.grants_left = 0;
  const std::size_t requests = memory.requests;
  std::size_t allocations = SIZE_MAX;
  together(1, [&](unsigned) {
    const chime_test::heap_watch heap;
    for (auto& ev : events) ev.reset();
    allocations = heap.allocations();
  });
  EXPECT_EQ(allocations, 0U);
  EXPECT_EQ(memory.requests, requests);
  expect_account(pool, count, 0, 0);
  events = acquire_from(pool, count);
  EXPECT_EQ(memory.requests, requests) << "what the other thread gave back is there";
}

TEST(EventPoolThreads, P6_WhatTheLastHolderWroteIsSeenByTheNext) {
  chime::event_pool pool;
  ASSERT_TRUE(pool.open({.maximum_capacity = 1}));
  unsigned guarded = 0;  // plain: the one event of the pool serves as its lock
  together(threads, [&](unsigned) {
    for (unsigned i = 0; i < 2000; ++i) {
      EXPECT_TRUE(chime_test::eventually([&] {
        const auto ev = pool.acquire();
        if (ev) ++guarded;
        return ev.has_value();
      }));
    }
  });
  EXPECT_EQ(guarded, threads * 2000);
}

TEST(EventPoolThreads, D5_StatsMayBeAskedWhileOthersWork) {
  chime::event_pool pool;
  ASSERT_TRUE(pool.open({.maximum_capacity = threads}));
  std::atomic<bool> stop = false;
  unsigned impossible = 0;
  together(threads, [&](unsigned who) {
    for (unsigned i = 0; who != 0 && !stop; ++i) {
      chime::event_cache cache(pool);
      auto ev = cache.acquire();
      if (ev && i % 2 == 0) cache.release(std::move(*ev));
    }
    for (unsigned i = 0; who == 0 && i < 2000; ++i) {
      const chime::pool_stats s = pool.stats();
      if (s.made > threads || s.held > s.made || s.free > s.made || s.retired != 0) ++impossible;
    }
    if (who == 0) stop = true;
  });
  EXPECT_EQ(impossible, 0U);
  const std::size_t made = pool.stats().made;
  expect_account(pool, made, 0, 0);
}

}  // namespace
