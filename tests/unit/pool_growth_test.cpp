// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Growth: where its memory comes from, its failures and what comes after them, the maximum, and large pools.
#include <gtest/gtest.h>

#include <cerrno>
#include <set>

#include "counting_memory.hpp"
#include "heap_watch.hpp"
#include "pool/pool.hpp"
#include "pool_fixture.hpp"

namespace {

using chime::errc;
using chime::fault;
using chime_test::acquire_from;
using chime_test::cell_of;
using chime_test::counting_memory;
using chime_test::error_of;
using chime_test::expect_account;

constexpr std::size_t events_per_page = 63;

class EventPoolGrowth : public testing::Test {
 protected:
  void open(std::size_t maximum = SIZE_MAX) {
    ASSERT_TRUE(pool.open({.maximum_capacity = maximum, .memory = memory.get()}));
  }

  counting_memory memory;
  chime::event_pool pool;
};

TEST_F(EventPoolGrowth, P3_GrowsThroughTheAllocatorAPageAtATime) {
  open();
  auto events = acquire_from(pool, events_per_page);
  EXPECT_EQ(memory.requests, 1U);
  events.push_back(acquire_from(pool));
  EXPECT_EQ(memory.requests, 2U);
  expect_account(pool, 0, 0, events_per_page + 1);
  EXPECT_EQ(memory.odd_requests, 0U);
}

TEST_F(EventPoolGrowth, P3_AFreeEventWinsOverGrowth) {
  open();
  for (unsigned i = 0; i < 1000; ++i) (void)acquire_from(pool);
  expect_account(pool, 1, 0, 0);
}

TEST_F(EventPoolGrowth, P14_EveryEventLiesInTheCallersMemoryAndNothingElseIsUsed) {
  const chime_test::heap_watch heap;
  std::array<chime::event, 5000> events;  // a heap of the test's own would be counted
  std::size_t elsewhere = 0;
  const std::size_t before = heap.allocations();
  open();
  for (auto& ev : events) {
    ev = acquire_from(pool);
    if (!memory.owns(&cell_of(ev))) ++elsewhere;
  }
  {
    chime::event_cache cache(pool);
    for (auto& ev : events) cache.release(std::move(ev));
    for (unsigned i = 0; i < 500; ++i) events[i] = acquire_from(cache);
    for (unsigned i = 0; i < 500; ++i) events[i].reset();
  }
  pool.cancel_all();
  pool.trim();
  (void)pool.stats();
  const std::size_t out = pool.close();
  const std::size_t after = heap.allocations();
  EXPECT_EQ(after, before);
  EXPECT_EQ(out, 0U);
  EXPECT_EQ(elsewhere, 0U);
  EXPECT_GT(memory.requests, events.size() / events_per_page);
  EXPECT_EQ(memory.odd_requests, 0U);
  EXPECT_EQ(memory.bytes, 0U);
}

TEST_F(EventPoolGrowth, P4_GrowthThatFailsLeavesThePoolUsable) {
  open();
  std::vector<chime::event> events;
  // At every page in turn, and at the nodes that stand before pages 7 and 8.
  for (unsigned refusals = 0; events.size() < 12 * events_per_page;) {
    memory.grants_left = 0;
    auto got = pool.acquire();
    if (got) {
      events.push_back(std::move(*got));
      continue;
    }
    ASSERT_EQ(got.error(), errc::resource_exhausted);
    ASSERT_EQ(got.error(), std::error_code(ENOMEM, std::system_category()));
    expect_account(pool, 0, 0, events.size());
    if (!events.empty()) {
      // What comes back can be had, without memory.
      events.back().reset();
      events.back() = acquire_from(pool);
    }
    memory.grants_left = 1;  // which serves only a node, where one is needed
    got = pool.acquire();
    if (got) events.push_back(std::move(*got));
    ASSERT_LT(++refusals, 20U);
  }
  EXPECT_EQ(memory.blocks, 12U + 2U);
  memory.grants_left = SIZE_MAX;
  events.push_back(acquire_from(pool));
}

TEST_F(EventPoolGrowth, P4_AllAreOutAtTheMaximumUntilOneComesBack) {
  open(5);
  auto events = acquire_from(pool, 5);
  for (unsigned i = 0; i < 3; ++i) {
    const auto got = pool.acquire();
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error(), fault::pool_exhausted);
    EXPECT_EQ(got.error(), errc::resource_exhausted);
    expect_account(pool, 0, 0, 5);
  }
  events.pop_back();
  events.push_back(acquire_from(pool));
  EXPECT_EQ(error_of(pool.acquire()), fault::pool_exhausted);
}

TEST_F(EventPoolGrowth, AMaximumOfZeroGivesNothing) {
  open(0);
  EXPECT_EQ(error_of(pool.acquire()), fault::pool_exhausted);
  EXPECT_EQ(memory.requests, 0U);
}

TEST_F(EventPoolGrowth, AHundredThousandEventsEachHaveAPlaceOfTheirOwn) {
  constexpr std::size_t many = 100'000;
  open();
  auto events = acquire_from(pool, many);
  auto& inside = *static_cast<chime::detail::pool*>(cell_of(events[0]).its_page().header.pool);
  std::set<const void*> places;
  std::size_t lost = 0;
  for (std::uint32_t i = 0; i < many; ++i) {
    auto& c = cell_of(events[i]);
    places.insert(&c);
    if (c.index() != i + 1 || inside.pages.find(i + 1) != &c || &inside.pages.at(i + 1) != &c) ++lost;
  }
  EXPECT_EQ(places.size(), many);
  EXPECT_EQ(lost, 0U);
  EXPECT_EQ(inside.pages.find(0), nullptr);
  EXPECT_EQ(inside.pages.find(many + events_per_page), nullptr) << "no page there yet";
  EXPECT_EQ(inside.pages.find(0xFFFFFF), nullptr) << "the largest index that a stale link can hold";
  events.clear();
  expect_account(pool, many, 0, 0);
  EXPECT_EQ(pool.close(), 0U);
  EXPECT_EQ(memory.bytes, 0U);
}

TEST_F(EventPoolGrowth, AnEventAtTheEndOfItsGenerationsIsRetiredForGood) {
  using namespace chime_test;
  open(2);
  auto last_but_one = acquire_from(pool);
  auto last = acquire_from(pool);
  set_word(last_but_one, {word_value::last_generation - 1, 0, phase::idle});
  set_word(last, {word_value::last_generation, 0, phase::idle});
  cell* const gone = &cell_of(last);
  const chime::ticket late = last.get_ticket();
  last.reset();
  expect_account(pool, 0, 0, 1, 1);
  EXPECT_EQ(late.signal(), chime::signal_result::stale);
  EXPECT_EQ(error_of(pool.acquire()), fault::pool_exhausted) << "a retired event counts as made";
  last_but_one.reset();
  expect_account(pool, 1, 0, 0, 1);
  auto again = acquire_from(pool);
  EXPECT_NE(&cell_of(again), gone);
  again.reset();
  expect_account(pool, 0, 0, 0, 2);
  EXPECT_EQ(error_of(pool.acquire()), fault::pool_exhausted);
  EXPECT_EQ(pool.close(), 0U) << "the retired have come back";
  EXPECT_EQ(memory.bytes, 0U);
}

}  // namespace
