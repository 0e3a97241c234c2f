// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

#include "block_pool_fixture.hpp"
#include "chime/memory.hpp"

namespace {

using BlockPoolMisuse = chime_test::block_pool_fixture;
using BlockPoolDeathTest = chime_test::block_pool_fixture;

TEST_F(BlockPoolMisuse, RefusesASecondOpen) {
  open(64, 64, 4);
  const auto again = pool.open();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error(), chime::fault::pool_already_open);
  EXPECT_EQ(again.error(), chime::errc::busy);
  EXPECT_EQ(pool.block_size(), 64U);
}

TEST_F(BlockPoolMisuse, RefusesBlocksThatCannotBeCut) {
  const chime::block_pool_options misfits[] = {
      {.block_size = 0},       {.block_size = SIZE_MAX},
      {.block_alignment = 0},  {.block_alignment = 32},
      {.block_alignment = 96}, {.block_alignment = SIZE_MAX / 2 + 1},
      {.blocks_per_chunk = 0}, {.blocks_per_chunk = SIZE_MAX / 4096},
  };
  for (const auto& options : misfits) {
    const auto opened = pool.open(options);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error(), chime::fault::block_misfit);
  }
}

TEST_F(BlockPoolMisuse, RefusesHalfAnAllocator) {
  chime::allocator half = upstream.memory();
  half.deallocate = nullptr;
  const auto opened = pool.open({.upstream = half});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), chime::fault::allocator_incomplete);
  // A refused open leaves the pool closed.
  EXPECT_EQ(pool.acquire(), nullptr);
  open(64, 64, 4);
}

TEST_F(BlockPoolDeathTest, DestroyedWithBlocksOut) {
  EXPECT_DEATH(
      {
        chime::block_pool doomed;
        (void)doomed.open({64, 64, 4, upstream.memory()});
        for (int i = 0; i < 3; ++i) (void)doomed.acquire();
      },
      "^chime: 3 block");
}

TEST_F(BlockPoolDeathTest, ReleasedTwice) {
  open(64, 64, 4);
  const auto blocks = acquire(2);
  pool.release(blocks[0]);
  EXPECT_DEATH(pool.release(blocks[0]), "twice");
  pool.release(blocks[1]);
  EXPECT_DEATH(pool.release(blocks[1]), "none out");
}

#ifndef NDEBUG
TEST_F(BlockPoolDeathTest, ReleasedToAnotherPool) {
  open(64, 64, 4);
  chime::block_pool other;
  ASSERT_TRUE(other.open({64, 64, 4, upstream.memory()}));
  void* const mine = pool.acquire();
  void* const theirs = other.acquire();
  EXPECT_DEATH(pool.release(theirs), "not from");
  EXPECT_DEATH(pool.release(static_cast<std::byte*>(mine) + 8), "not from");
  EXPECT_DEATH(pool.release(static_cast<std::byte*>(mine) - 64), "not from");
  pool.release(mine);
  other.release(theirs);
}
#endif

}  // namespace
