// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A block pool over a counted upstream, for the tests of the block pool.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

#include "chime/memory.hpp"

namespace chime_test {

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

class block_pool_fixture : public testing::Test {
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

}  // namespace chime_test
