// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Opening a pool: what it costs, whole or not at all, and what it refuses.
#include <gtest/gtest.h>

#include <cerrno>
#include <optional>
#include <string>

#include "counting_memory.hpp"
#include "descriptors.hpp"
#include "heap_watch.hpp"
#include "pool_fixture.hpp"

namespace {

using chime::errc;
using chime::fault;
using chime_test::acquire_from;
using chime_test::counting_memory;
using chime_test::error_of;
using chime_test::expect_account;
using chime_test::heap_watch;

TEST(HeapWatch, SeesTheHeap) {  // or the tests below could not fail
  const heap_watch heap;
  ::operator delete(::operator new(8));
  ::operator delete(::operator new(64, std::align_val_t{64}), std::align_val_t{64});
  EXPECT_EQ(heap.allocations(), 2U);
}

TEST(EventPoolOpen, P1_AnEmptyPoolAllocatesNothing) {
  counting_memory memory;
  const heap_watch heap;
  std::optional<chime::event_pool> pool;
  pool.emplace();
  const bool opened = pool->open({.memory = memory.get()}).has_value();
  const std::size_t out = pool->close();
  pool.reset();
  EXPECT_EQ(heap.allocations(), 0U);
  EXPECT_TRUE(opened);
  EXPECT_EQ(out, 0U);
  EXPECT_EQ(memory.requests, 0U);
}

TEST(EventPoolOpen, P2_MakesTheInitialEventsUpFront) {
  counting_memory memory;
  chime::event_pool pool;
  ASSERT_TRUE(pool.open({.initial_capacity = 200, .memory = memory.get()}));
  expect_account(pool, 200, 0, 0);
  memory.grants_left = 0;
  const auto events = acquire_from(pool, 200);
  expect_account(pool, 0, 0, 200);
}

/// Enough events for pages that are found directly, and for some that are found through two levels of nodes.
constexpr std::size_t ten_pages = 10 * 63;

void expect_whole_or_not_at_all(const chime::pool_options& options, chime::proactor* loop, counting_memory& memory) {
  const auto open = [&](chime::event_pool& pool) {
    return loop == nullptr ? pool.open(options) : pool.open(*loop, options);
  };
  chime::event_pool pool;
  const std::size_t descriptors = chime_test::open_descriptors();
  std::size_t granted = 0;
  for (;; ++granted) {
    memory.grants_left = granted;
    const auto opened = open(pool);
    if (opened) break;
    SCOPED_TRACE(granted);
    ASSERT_EQ(opened.error(), errc::resource_exhausted);
    ASSERT_EQ(opened.error(), std::error_code(ENOMEM, std::system_category()));
    ASSERT_EQ(memory.bytes, 0U);
    ASSERT_EQ(chime_test::open_descriptors(), descriptors);
    ASSERT_EQ(error_of(pool.acquire()), errc::closed);
    expect_account(pool, 0, 0, 0);
    ASSERT_LT(granted, 100U);
  }
  EXPECT_GE(granted, 12U);  // ten pages, and two nodes
  EXPECT_EQ(memory.grants_left, 0U);
  expect_account(pool, options.initial_capacity, 0, 0);
  EXPECT_EQ(pool.close(), 0U);
  EXPECT_EQ(memory.bytes, 0U);
  EXPECT_EQ(memory.odd_requests, 0U);
  EXPECT_EQ(chime_test::open_descriptors(), descriptors);
}

TEST(EventPoolOpen, P2_AnAllocatorThatFailsAtEachAllocationInTurnLeavesNothing) {
  counting_memory memory;
  expect_whole_or_not_at_all({.initial_capacity = ten_pages, .memory = memory.get()}, nullptr, memory);
}

TEST(EventPoolOpen, P2_SoItIsWithNativeEvents) {
  if (!chime_test::allow_descriptors(2048)) GTEST_SKIP() << "the hard limit of descriptors is below 2048";
  for (const auto kind : {chime::primitive::eventfd, chime::primitive::pipe}) {
    counting_memory memory;
    chime::proactor loop;
    ASSERT_TRUE(loop.open({.backend = "poll"}));
    expect_whole_or_not_at_all(
        {.initial_capacity = ten_pages / 2 + 200, .native = true, .kind = kind, .memory = memory.get()}, &loop, memory);
  }
}

TEST(EventPoolOpen, P2_TooFewDescriptorsLeaveNothing) {
  counting_memory memory;
  chime::proactor loop;
  ASSERT_TRUE(loop.open({.backend = "poll"}));
  chime::event_pool pool;
  const chime::pool_options options{.initial_capacity = 8, .native = true, .memory = memory.get()};
  const std::size_t descriptors = chime_test::open_descriptors();
  for (std::size_t more = 0; more < 8; ++more) {
    SCOPED_TRACE(more);
    const chime_test::descriptor_limit limit(more);
    const auto opened = pool.open(loop, options);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error(), errc::resource_exhausted);
    EXPECT_EQ(opened.error(), std::error_code(EMFILE, std::system_category()));
    EXPECT_EQ(memory.bytes, 0U);
    EXPECT_TRUE(loop.close()) << "a pool that failed to open does not keep its loop busy";
    ASSERT_TRUE(loop.open({.backend = "poll"}));
  }
  {
    const chime_test::descriptor_limit limit(8);
    ASSERT_TRUE(pool.open(loop, options));
  }
  EXPECT_EQ(chime_test::open_descriptors(), descriptors + 8) << "the primitives are made at open";
  EXPECT_EQ(pool.close(), 0U);
}

void expect_refused(const chime::pool_options& options, fault why, errc condition, const std::string& word) {
  chime::event_pool pool;
  const auto opened = pool.open(options);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), why);
  EXPECT_EQ(opened.error(), condition);
  EXPECT_NE(opened.error().message().find(word), std::string::npos) << opened.error().message();
  EXPECT_TRUE(pool.open({.initial_capacity = 1})) << "the refusal leaves the pool as it was";
}

TEST(EventPoolOpen, BadInput_MaximumBelowInitial) {
  expect_refused({.initial_capacity = 2, .maximum_capacity = 1}, fault::capacity_below_initial, errc::invalid_argument,
                 "maximum_capacity");
}

TEST(EventPoolOpen, BadInput_MoreThanAPoolCanNumber) {
  constexpr std::size_t limit = chime::event_pool::capacity_limit;
  expect_refused({.initial_capacity = limit + 1}, fault::capacity_too_large, errc::invalid_argument, "capacity_limit");
  expect_refused({.maximum_capacity = limit + 1}, fault::capacity_too_large, errc::invalid_argument, "capacity_limit");
  expect_refused({.maximum_capacity = SIZE_MAX - 1}, fault::capacity_too_large, errc::invalid_argument,
                 "capacity_limit");
  expect_refused({.initial_capacity = SIZE_MAX}, fault::capacity_too_large, errc::invalid_argument, "capacity_limit");
  chime::event_pool pool;
  EXPECT_TRUE(pool.open({.maximum_capacity = limit}));
}

TEST(EventPoolOpen, BadInput_AnAllocatorWithOneOfItsTwoFunctions) {
  counting_memory memory;
  chime::allocator half = memory.get();
  half.deallocate = nullptr;
  expect_refused({.memory = half}, fault::allocator_incomplete, errc::invalid_argument, "allocator");
  half = memory.get();
  half.allocate = nullptr;
  expect_refused({.memory = half}, fault::allocator_incomplete, errc::invalid_argument, "allocator");
  EXPECT_EQ(memory.requests, 0U);
}

TEST(EventPoolOpen, BadInput_NativeWithoutALoop) {
  expect_refused({.native = true}, fault::native_only_in_loop, errc::unsupported, "loop");
}

TEST(EventPoolOpen, BadInput_ALoopThatIsNotOpen) {
  chime::proactor loop;
  chime::event_pool pool;
  EXPECT_EQ(error_of(pool.open(loop)), fault::loop_closed);
  ASSERT_TRUE(loop.open({.backend = "poll"}));
  EXPECT_TRUE(pool.open(loop));
}

TEST(EventPoolOpen, BadInput_AnOpenPoolRefusesAnotherOpenAndGoesOn) {
  chime::event_pool pool;
  ASSERT_TRUE(pool.open({.initial_capacity = 3, .maximum_capacity = 3}));
  const auto ev = acquire_from(pool);
  const auto again = pool.open({.initial_capacity = 100});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error(), fault::pool_already_open);
  EXPECT_EQ(again.error(), errc::busy);
  expect_account(pool, 2, 0, 1);
  const auto rest = acquire_from(pool, 2);
  EXPECT_EQ(error_of(pool.acquire()), fault::pool_exhausted);
}

TEST(EventPoolOpen, BadInput_APoolThatWasNeverOpenedGivesNothing) {
  chime::event_pool pool;
  EXPECT_EQ(error_of(pool.acquire()), fault::pool_closed);
  EXPECT_EQ(error_of(pool.acquire()), errc::closed);
  EXPECT_EQ(pool.close(), 0U);
  pool.cancel_all();
  pool.trim();
  expect_account(pool, 0, 0, 0);
}

}  // namespace
