// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What holds of numa_allocator's memory with and without NUMA: node 0 is everywhere.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#include "chime/memory.hpp"

namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

chime::allocator node_zero() {
  const auto memory = chime::numa_allocator(0);
  EXPECT_TRUE(memory) << memory.error().message();
  return memory.value_or(chime::allocator{});
}

TEST(NumaMemory, RequestsAreAligned) {
  const chime::allocator memory = node_zero();
  for (const std::size_t alignment : {std::size_t{1}, std::size_t{64}, 4 * kib, 64 * kib, 2 * mib}) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, 4 * kib, 64 * kib, 2 * mib + 1}) {
      void* const block = memory.allocate(memory.context, size, alignment);
      ASSERT_NE(block, nullptr);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignment, 0U);
      std::memset(block, 0xff, size);
      memory.deallocate(memory.context, block, size, alignment);
    }
  }
  memory.deallocate(memory.context, nullptr, 1, 1);
}

/// The address space of this process, in bytes. Not from statm, which counts an emulator's memory too.
std::size_t mapped_bytes() {
  std::size_t bytes = 0;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    std::size_t begin = 0;
    std::size_t end = 0;
    if (std::sscanf(line.c_str(), "%zx-%zx", &begin, &end) == 2) bytes += end - begin;
  }
  return bytes;
}

TEST(NumaMemory, EverythingIsUnmapped) {
  const chime::allocator memory = node_zero();
  const std::size_t before = mapped_bytes();
  ASSERT_NE(before, 0U);
  for (int round = 0; round < 64; ++round) {
    void* const block = memory.allocate(memory.context, 64 * kib, 16 * mib);
    ASSERT_NE(block, nullptr);
    memory.deallocate(memory.context, block, 64 * kib, 16 * mib);
  }
  // Had each round kept the block alone, that would be as much.
  EXPECT_LT(mapped_bytes(), before + 64 * 64 * kib);
}

TEST(NumaMemory, FailureIsNull) {
  const chime::allocator memory = node_zero();
  EXPECT_EQ(memory.allocate(memory.context, SIZE_MAX, 64), nullptr);
  EXPECT_EQ(memory.allocate(memory.context, std::size_t{1} << 60, 64), nullptr);
  EXPECT_EQ(memory.allocate(memory.context, 64, std::size_t{1} << 63), nullptr);
  EXPECT_EQ(memory.allocate(memory.context, 64, 0), nullptr);
  EXPECT_EQ(memory.allocate(memory.context, 64, 96), nullptr);
}

}  // namespace
