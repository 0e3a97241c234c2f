// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <latch>
#include <thread>
#include <vector>

#include "block_pool_fixture.hpp"
#include "chime/memory.hpp"

namespace {

using BlockPoolThreads = chime_test::block_pool_fixture;

/// Beyond the words that the pool itself writes into a free block.
std::atomic_ref<int> holder_flag(void* block) { return std::atomic_ref(static_cast<int*>(block)[8]); }

TEST_F(BlockPoolThreads, NoBlockIsHeldTwiceByFourThreads) {
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

TEST_F(BlockPoolThreads, BlocksMayBeReleasedByOtherThreads) {
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

}  // namespace
