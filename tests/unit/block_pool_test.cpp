// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <set>
#include <vector>

#include "block_pool_fixture.hpp"
#include "chime/memory.hpp"

namespace {

using BlockPool = chime_test::block_pool_fixture;

TEST_F(BlockPool, BlocksAreAlignedApartAndUsable) {
  for (const std::size_t alignment : {std::size_t{64}, std::size_t{256}, std::size_t{4096}}) {
    for (const std::size_t blocks_per_chunk : {1U, 2U, 3U, 64U}) {
      open(100, alignment, blocks_per_chunk);
      const std::size_t size = pool.block_size();
      EXPECT_EQ(size, alignment == 64 ? 128 : alignment);
      auto blocks = acquire(200);
      for (void* const block : blocks) {
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignment, 0U);
        std::memset(block, 0xff, size);
      }
      std::sort(blocks.begin(), blocks.end(), std::less<>());
      for (std::size_t i = 1; i < blocks.size(); ++i) {
        EXPECT_GE(static_cast<std::byte*>(blocks[i]) - static_cast<std::byte*>(blocks[i - 1]), std::ptrdiff_t(size));
      }
      release(blocks);
      expect_all_given_back();
    }
  }
}

TEST_F(BlockPool, ReleasedBlocksAreUsedAgainBeforeUpstreamIsAsked) {
  open(64, 64, 8);
  const auto first = acquire(40);
  const std::size_t chunks = upstream.chunks_given;
  for (int round = 0; round < 10; ++round) {
    release(std::vector<void*>(first.rbegin(), first.rend()));
    const auto again = acquire(40);
    EXPECT_EQ(std::set<void*>(again.begin(), again.end()), std::set<void*>(first.begin(), first.end()));
  }
  EXPECT_EQ(upstream.chunks_given, chunks);
  release(first);
  expect_all_given_back();
}

TEST_F(BlockPool, ChunksAreFetchedWholeAndOnlyWhenNeeded) {
  open(4096, 4096, 16);
  EXPECT_EQ(upstream.chunks_given, 0U);
  const auto blocks = acquire(15 + 16 + 16);
  EXPECT_EQ(upstream.chunks_given, 3U);
  EXPECT_EQ(upstream.bytes_live, 3U * 16 * 4096);
  release(blocks);
  expect_all_given_back();
}

TEST_F(BlockPool, SurvivesExhaustionOfUpstream) {
  open(64, 64, 4);
  upstream.chunks_left = 2;
  auto blocks = acquire(7);
  EXPECT_EQ(pool.acquire(), nullptr);
  EXPECT_EQ(pool.acquire(), nullptr);

  pool.release(blocks.back());
  EXPECT_EQ(pool.acquire(), blocks.back());
  EXPECT_EQ(pool.acquire(), nullptr);

  upstream.chunks_left = SIZE_MAX;
  blocks.push_back(pool.acquire());
  EXPECT_NE(blocks.back(), nullptr);
  release(blocks);
  expect_all_given_back();
}

TEST_F(BlockPool, UpstreamMayCallBack) {
  open(64, 64, 2);
  void* const only = pool.acquire();
  // Refused by upstream, but meanwhile the block has come back, by way of upstream itself.
  upstream.chunks_left = upstream.chunks_given.load();
  upstream.on_allocate = [&] { pool.release(only); };
  EXPECT_EQ(pool.acquire(), only);
  pool.release(only);
  expect_all_given_back();
}

TEST_F(BlockPool, CloseRefusesWhileBlocksAreOut) {
  open(64, 64, 4);
  auto blocks = acquire(9);
  EXPECT_EQ(pool.close(), 9U);
  pool.release(blocks.back());
  EXPECT_EQ(pool.close(), 8U);
  // Nothing has changed: the pool goes on working.
  blocks.back() = pool.acquire();
  EXPECT_NE(blocks.back(), nullptr);
  EXPECT_EQ(pool.close(), 9U);
  release(blocks);
  expect_all_given_back();
}

TEST_F(BlockPool, OpensAgainAfterClose) {
  EXPECT_EQ(pool.close(), 0U);
  EXPECT_EQ(pool.acquire(), nullptr);
  EXPECT_EQ(pool.block_size(), 0U);
  open(64, 64, 4);
  release(acquire(10));
  expect_all_given_back();
  EXPECT_EQ(pool.acquire(), nullptr);
  EXPECT_EQ(pool.block_size(), 0U);
  open(128, 128, 2);
  EXPECT_EQ(pool.block_size(), 128U);
  release(acquire(10));
  expect_all_given_back();
}

TEST_F(BlockPool, DestructionGivesEverythingBack) {
  {
    chime::block_pool inner;
    ASSERT_TRUE(inner.open({64, 64, 4, upstream.memory()}));
    inner.release(inner.acquire());
    EXPECT_EQ(upstream.chunks_live, 1U);
  }
  EXPECT_EQ(upstream.chunks_live, 0U);
}

TEST_F(BlockPool, DefaultsAreHeapPages) {
  ASSERT_TRUE(pool.open());
  void* const block = pool.acquire();
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(pool.block_size(), 4096U);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 4096, 0U);
  pool.release(block);
}

TEST_F(BlockPool, MemoryServesRequestsOfUpToABlock) {
  open(4096, 4096, 4);
  const chime::allocator memory = pool.memory();
  void* const whole = memory.allocate(memory.context, 4096, 4096);
  void* const part = memory.allocate(memory.context, 1, 1);
  EXPECT_NE(whole, nullptr);
  EXPECT_NE(part, nullptr);
  EXPECT_EQ(memory.allocate(memory.context, 4097, 64), nullptr);
  EXPECT_EQ(memory.allocate(memory.context, 64, 8192), nullptr);
  EXPECT_EQ(pool.close(), 2U);
  memory.deallocate(memory.context, whole, 4096, 4096);
  memory.deallocate(memory.context, part, 1, 1);
  memory.deallocate(memory.context, nullptr, 64, 64);
  expect_all_given_back();
}

TEST_F(BlockPool, PoolsCanBeStacked) {
  open(64 * 64, 4096, 4);
  chime::block_pool small;
  ASSERT_TRUE(small.open({64, 64, 64, pool.memory()}));
  std::vector<void*> blocks;
  for (int i = 0; i < 1000; ++i) blocks.push_back(small.acquire());
  EXPECT_EQ(std::count(blocks.begin(), blocks.end(), nullptr), 0);
  EXPECT_GE(pool.close(), 1000U / 64);
  for (void* const block : blocks) small.release(block);
  EXPECT_EQ(small.close(), 0U);
  expect_all_given_back();
}

}  // namespace
