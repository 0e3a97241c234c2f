// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The machine's NUMA nodes, and on which of them memory is. The kernel is asked; the library's word is not taken.
#pragma once

#include <gtest/gtest.h>
#include <numa.h>
#include <numaif.h>
#include <unistd.h>

#include <cstddef>
#include <vector>

#include "chime/memory.hpp"

namespace chime_test {

inline constexpr std::size_t kib = 1024;
inline constexpr std::size_t mib = 1024 * kib;

[[nodiscard]] inline bool has_numa() { return get_mempolicy(nullptr, nullptr, 0, nullptr, 0) == 0; }

[[nodiscard]] inline std::vector<unsigned> usable_nodes() {
  std::vector<unsigned> nodes;
  for (int node = 0; node <= numa_max_node(); ++node) {
    if (numa_bitmask_isbitset(numa_all_nodes_ptr, static_cast<unsigned>(node)) != 0) {
      nodes.push_back(static_cast<unsigned>(node));
    }
  }
  return nodes;
}

/// On which node each page of a block is, or a negative errno.
[[nodiscard]] inline std::vector<int> residence(void* block, std::size_t size) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  std::vector<void*> pages;
  for (std::size_t offset = 0; offset < size; offset += page) pages.push_back(static_cast<std::byte*>(block) + offset);
  std::vector<int> nodes(pages.size(), -1);
  EXPECT_EQ(move_pages(0, pages.size(), pages.data(), nullptr, nodes.data(), 0), 0);
  return nodes;
}

[[nodiscard]] inline chime::allocator numa_memory(unsigned node) {
  const auto memory = chime::numa_allocator(node);
  EXPECT_TRUE(memory) << memory.error().message();
  return memory.value_or(chime::allocator{});
}

}  // namespace chime_test
