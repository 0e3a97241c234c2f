// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A library that was built without libnuma has node 0, as on a kernel without NUMA.
#include <gtest/gtest.h>

#include <climits>

#include "chime/memory.hpp"

namespace {

TEST(NumaAbsent, NodeZeroIsTheOnlyOne) {
  EXPECT_TRUE(chime::numa_allocator(0));
  for (const unsigned node : {1U, 1024U, UINT_MAX}) {
    const auto memory = chime::numa_allocator(node);
    ASSERT_FALSE(memory) << node;
    EXPECT_EQ(memory.error(), chime::fault::numa_unavailable);
    EXPECT_EQ(memory.error(), chime::errc::unsupported);
  }
}

}  // namespace
