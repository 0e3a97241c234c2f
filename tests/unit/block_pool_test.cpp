// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <latch>
#include <set>
#include <thread>
#include <vector>

#include "chime/memory.hpp"

namespace {

/// The heap, counted; refuses when it has given as many chunks as it may; zeroes what it gives.
class counting_upstream {
 public:
  std::atomic<std::size_t> chunks_left = SIZE_MAX;
  std::atomic<std::size_t> chunks_given = 0;
  std::atomic<std::size_t> chunks_live = 0;
  std::atomic<std::size_t> bytes_live = 0;
  std::function<void()> on_allocate;  ///< runs inside a request, before it is answered

  [[nodiscard]] chime::allocator memory() noexcept {
    return {.allocate =
                [](void* self, std::size_t size, std::size_t alignment) noexcept {
                  return static_cast<counting_upstream*>(self)->allocate(size, alignment);
                },
            .deallocate = [](void* self, void* block, std::size_t size,
                             std::size_t) noexcept { static_cast<counting_upstream*>(self)->deallocate(block, size); },
            .context = this};
  }

 private:
  void* allocate(std::size_t size, std::size_t alignment) {
    if (on_allocate) on_allocate();
    if (chunks_given == chunks_left) return nullptr;
    void* const block = std::aligned_alloc(alignment, size);
    std::memset(block, 0, size);
    ++chunks_given;
    ++chunks_live;
    bytes_live += size;
    return block;
  }
  void deallocate(void* block, std::size_t size) {
    --chunks_live;
    bytes_live -= size;
    std::free(block);
  }
};

class BlockPool : public testing::Test {
 protected:
  void open(std::size_t size, std::size_t alignment, std::size_t blocks_per_chunk) {
    ASSERT_TRUE(pool.open({size, alignment, blocks_per_chunk, upstream.memory()}));
  }

  std::vector<void*> acquire(std::size_t count) {
    std::vector<void*> blocks;
    for (std::size_t i = 0; i < count; ++i) blocks.push_back(pool.acquire());
    EXPECT_EQ(std::count(blocks.begin(), blocks.end(), nullptr), 0);
    return blocks;
  }

  void release(const std::vector<void*>& blocks) {
    for (void* const block : blocks) pool.release(block);
  }

  /// Closes, with nothing out, and everything must be back upstream.
  void expect_all_given_back() {
    EXPECT_EQ(pool.close(), 0U);
    EXPECT_EQ(upstream.chunks_live, 0U);
    EXPECT_EQ(upstream.bytes_live, 0U);
  }

  counting_upstream upstream;
  chime::block_pool pool;
};
using BlockPoolDeathTest = BlockPool;

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

TEST_F(BlockPool, RefusesASecondOpen) {
  open(64, 64, 4);
  const auto again = pool.open();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error(), chime::fault::pool_already_open);
  EXPECT_EQ(again.error(), chime::errc::busy);
  EXPECT_EQ(pool.block_size(), 64U);
}

TEST_F(BlockPool, RefusesBlocksThatCannotBeCut) {
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

TEST_F(BlockPool, RefusesHalfAnAllocator) {
  chime::allocator half = upstream.memory();
  half.deallocate = nullptr;
  const auto opened = pool.open({.upstream = half});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), chime::fault::allocator_incomplete);
  // A refused open leaves the pool closed.
  EXPECT_EQ(pool.acquire(), nullptr);
  open(64, 64, 4);
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

/// Beyond the words that the pool itself writes into a free block.
std::atomic_ref<int> holder_flag(void* block) { return std::atomic_ref(static_cast<int*>(block)[8]); }

TEST_F(BlockPool, NoBlockIsHeldTwiceByFourThreads) {
  open(64, 64, 16);
  std::atomic<int> collisions = 0;
  std::atomic<int> failures = 0;
  std::latch start(4);
  const auto work = [&](unsigned random) {
    std::vector<void*> held;
    const auto acquire_one = [&] {
      void* const block = pool.acquire();
      if (block == nullptr) {
        ++failures;
        return;
      }
      if (holder_flag(block).exchange(1, std::memory_order_relaxed) != 0) ++collisions;
      static_cast<unsigned*>(block)[9] = random;  // plain, so that the thread sanitizer sees a shared block too
      held.push_back(block);
    };
    const auto release_one = [&] {
      holder_flag(held.back()).store(0, std::memory_order_relaxed);
      pool.release(held.back());
      held.pop_back();
    };
    start.arrive_and_wait();
    for (int step = 0; step < 50'000; ++step) {
      random = random * 1664525 + 1013904223;
      const bool wants_more = random >> 31 != 0;
      if (held.empty() || (held.size() < 50 && wants_more)) {
        acquire_one();
      } else {
        release_one();
      }
    }
    while (!held.empty()) release_one();
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < 4; ++i) threads.emplace_back(work, i);
  }
  EXPECT_EQ(collisions, 0);
  EXPECT_EQ(failures, 0);
  expect_all_given_back();
}

TEST_F(BlockPool, BlocksMayBeReleasedByOtherThreads) {
  open(64, 64, 16);
  for (int round = 0; round < 20; ++round) {
    const auto blocks = acquire(100);
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        release({blocks.begin() + std::ptrdiff_t(25 * i), blocks.begin() + std::ptrdiff_t(25 * (i + 1))});
      });
    }
  }
  expect_all_given_back();
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
