// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Pools of native events and descriptors: running out of them, giving them up, and never closing one too early.
#include <atomic>
#include <cerrno>

#include "descriptors.hpp"
#include "native_pool_fixture.hpp"
#include "together.hpp"

namespace {

using namespace chime_test;
using chime::errc;
using chime::fault;
using chime::signal_result;

using NativePoolDescriptors = NativePool;

TEST_P(NativePoolDescriptors, ALateSignallersDescriptorIsNotClosedByTrim) {
  open(1, 1);
  auto ev = acquire_from(pool);
  auto& c = cell_of(ev);
  const int fd = read_end(ev);
  enter_flight(ev);
  ev.reset();
  pool.trim();
  EXPECT_EQ(c.native()->handles.read, fd);
  EXPECT_FALSE(readable(fd)) << "an open descriptor, and empty";
  leave_flight(c);
  pool.trim();
  EXPECT_FALSE(c.native()->handles.exists());
}

TEST_P(NativePoolDescriptors, D5_TrimClosesIdlePrimitivesAndAcquireMakesThemAgain) {
  const std::size_t before = open_descriptors();
  open(10, 10);
  auto held = acquire_from(pool);
  EXPECT_EQ(open_descriptors(), before + 10 * descriptors_each());
  pool.trim();
  EXPECT_EQ(open_descriptors(), before + descriptors_each()) << "the held one keeps its own";
  expect_account(pool, 9, 0, 1);
  pool.trim();  // nothing left to do
  const auto events = acquire_from(pool, 9);
  EXPECT_EQ(open_descriptors(), before + 10 * descriptors_each());
  for (const auto& ev : events) {
    EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
    EXPECT_TRUE(readable(read_end(ev)));
  }
}

TEST_P(NativePoolDescriptors, P4_WithoutDescriptorsGrowthFailsAndRecovers) {
  open(1, 3);
  const auto first = acquire_from(pool);
  {
    const descriptor_limit none(0);
    const auto got = pool.acquire();
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error(), errc::resource_exhausted);
    EXPECT_EQ(got.error(), std::error_code(EMFILE, std::system_category()));
    expect_account(pool, 0, 0, 1);
  }
  {
    const descriptor_limit enough_for_one(descriptors_each());
    const auto second = acquire_from(pool);
    EXPECT_EQ(error_of(pool.acquire()), errc::resource_exhausted);
    expect_account(pool, 0, 0, 2);
  }
  expect_account(pool, 1, 0, 1);
  const auto rest = acquire_from(pool, 2);
  EXPECT_EQ(error_of(pool.acquire()), fault::pool_exhausted);
}

TEST_P(NativePoolDescriptors, P4_AnEventWhosePrimitiveCannotBeMadeAgainStaysInThePool) {
  open(2, 2);
  pool.trim();
  {
    const descriptor_limit none(0);
    EXPECT_EQ(error_of(pool.acquire()), std::error_code(EMFILE, std::system_category()));
    expect_account(pool, 2, 0, 0);
    chime::event_cache cache(pool);
    EXPECT_EQ(error_of(cache.acquire()), std::error_code(EMFILE, std::system_category()));
  }
  expect_account(pool, 2, 0, 0);
  const auto events = acquire_from(pool, 2);
}

TEST_P(NativePoolDescriptors, AGivenOutPrimitiveIsReplacedEvenAtTheLimitOfDescriptors) {
  open(1, 1);
  auto ev = acquire_from(pool);
  ASSERT_TRUE(ev.native());
  EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
  ev.reset();
  const descriptor_limit none(0);
  ev = acquire_from(pool);
  EXPECT_FALSE(readable(read_end(ev)));
}

TEST_P(NativePoolDescriptors, P13_CloseClosesEveryDescriptor) {
  const std::size_t before = open_descriptors();
  open(100);
  acquire_from(pool).reset();
  EXPECT_EQ(open_descriptors(), before + 100 * descriptors_each());
  EXPECT_EQ(pool.close(), 0U);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(NativePoolDescriptors, ThreadsThatLoseTheRaceForTheLastEventKeepNoDescriptor) {
  const std::size_t before = open_descriptors();
  for (unsigned round = 0; round < 300; ++round) {
    open(0, 1);
    std::atomic<unsigned> got = 0;
    std::atomic<unsigned> refused = 0;
    together(3, [&](unsigned) {
      auto ev = pool.acquire();
      ++(ev ? got : refused);
      (void)eventually([&] { return got + refused == 3; });  // nobody releases before all have asked
    });
    EXPECT_EQ(got, 1U);
    EXPECT_EQ(pool.close(), 0U);
    ASSERT_EQ(open_descriptors(), before);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, NativePoolDescriptors, both_kinds, name_of_kind);

}  // namespace
