// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What can be seen of numa_allocator only where there are two nodes or more (A1, P14): memory is on its node and not
/// where the thread runs, it is refused and not taken elsewhere when the node is full, and what is built on it is there
/// too. `./dev guest` runs these on a machine that it makes up.
#include <algorithm>

#include "chime/pool.hpp"
#include "numa_nodes.hpp"
#include "pool_fixture.hpp"

namespace {

using chime_test::acquire_from;
using chime_test::has_numa;
using chime_test::kib;
using chime_test::mib;
using chime_test::numa_memory;
using chime_test::residence;
using chime_test::usable_nodes;

class NumaPlacement : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_numa()) GTEST_SKIP() << "no NUMA support here";
    nodes = usable_nodes();
    if (nodes.size() < 2) GTEST_SKIP() << "only one NUMA node here";
  }
  void TearDown() override { numa_run_on_node(-1); }

  std::vector<unsigned> nodes;
};

[[nodiscard]] std::vector<int> all_on(unsigned node, std::size_t pages) {
  std::vector<int> expected(pages, static_cast<int>(node));
  return expected;
}

TEST_F(NumaPlacement, A1_IsTheAllocatorsNodeWhereverTheThreadRuns) {
  for (const unsigned here : nodes) {
    if (numa_run_on_node(static_cast<int>(here)) != 0) continue;  // a node without processors
    for (const unsigned node : nodes) {
      const chime::allocator memory = numa_memory(node);
      void* const block = memory.allocate(memory.context, 256 * kib, 4 * kib);
      ASSERT_NE(block, nullptr);
      EXPECT_EQ(residence(block, 256 * kib), all_on(node, 64)) << "from node " << here;
      memory.deallocate(memory.context, block, 256 * kib, 4 * kib);
    }
  }
}

/// Blocks of one node, taken until there are none, but not more than there can be.
class everything_of {
 public:
  everything_of(unsigned node, std::size_t most) : memory_(numa_memory(node)) {
    while (blocks_.size() * size < most) {
      void* const block = memory_.allocate(memory_.context, size, 4 * kib);
      if (block == nullptr) break;
      blocks_.push_back(block);
    }
  }
  everything_of(const everything_of&) = delete;
  everything_of& operator=(const everything_of&) = delete;
  ~everything_of() {
    for (void* const block : blocks_) memory_.deallocate(memory_.context, block, size, 4 * kib);
  }
  [[nodiscard]] const std::vector<void*>& blocks() const { return blocks_; }

  static constexpr std::size_t size = 2 * mib;

 private:
  chime::allocator memory_;
  std::vector<void*> blocks_;
};

TEST_F(NumaPlacement, A1_AFullNodeIsNullAlthoughAnotherHasMemory) {
  for (const unsigned node : nodes) {
    const auto whole = static_cast<std::size_t>(numa_node_size64(static_cast<int>(node), nullptr));
    if (whole > 1024 * mib) GTEST_SKIP() << "node " << node << " is too large to be filled by a test";
    const everything_of full(node, whole);
    EXPECT_GT(full.blocks().size() * everything_of::size, whole / 2) << "refused although there is memory";
    EXPECT_LT(full.blocks().size() * everything_of::size, whole) << "more than the node has";
    for (void* const block : full.blocks()) {
      ASSERT_EQ(residence(block, everything_of::size), all_on(node, everything_of::size / (4 * kib)));
    }
    const unsigned other = node == nodes.front() ? nodes.back() : nodes.front();
    const chime::allocator memory = numa_memory(other);
    void* const block = memory.allocate(memory.context, everything_of::size, 4 * kib);
    ASSERT_NE(block, nullptr) << "node " << other << " has memory";
    memory.deallocate(memory.context, block, everything_of::size, 4 * kib);
  }
}

TEST_F(NumaPlacement, A1_OfAFullNodeComesBackWithItsMemory) {
  for (const unsigned node : nodes) {
    const auto whole = static_cast<std::size_t>(numa_node_size64(static_cast<int>(node), nullptr));
    if (whole > 1024 * mib) GTEST_SKIP() << "node " << node << " is too large to be filled by a test";
    {
      const everything_of full(node, whole);
    }
    const everything_of again(node, whole / 2);
    EXPECT_GE(again.blocks().size() * everything_of::size, whole / 2);
  }
}

TEST_F(NumaPlacement, P14_EventsOfAPoolAreOnTheNodeOfItsMemory) {
  for (const unsigned node : nodes) {
    ASSERT_EQ(numa_run_on_node(-1), 0);
    chime::block_pool blocks;
    ASSERT_TRUE(blocks.open({.upstream = numa_memory(node)}));
    chime::event_pool pool;
    ASSERT_TRUE(pool.open({.initial_capacity = 100, .memory = blocks.memory()}));
    {
      const auto events = acquire_from(pool, 1000);  // the pool grows
      for (const chime::event& ev : events) {
        auto& cell = chime_test::cell_of(ev);
        ASSERT_EQ(residence(&cell.its_page(), 4 * kib), all_on(node, 1));
      }
    }
    EXPECT_EQ(pool.close(), 0U);
    EXPECT_EQ(blocks.close(), 0U);
  }
}

}  // namespace
