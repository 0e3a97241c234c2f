// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "chime/memory.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <new>
#include <stdexcept>
#include <vector>

#include "memory/allocator.hpp"

namespace {

struct request {
  std::size_t size;
  std::size_t alignment;
  bool operator==(const request&) const = default;
};

/// Notes every request, and throws when it is told to.
class noting_resource final : public std::pmr::memory_resource {
 public:
  std::vector<request> allocated;
  std::vector<request> deallocated;
  bool out_of_memory = false;
  bool broken = false;

 private:
  void* do_allocate(std::size_t size, std::size_t alignment) override {
    if (out_of_memory) throw std::bad_alloc();
    if (broken) throw std::runtime_error("broken");
    allocated.push_back({size, alignment});
    return std::pmr::new_delete_resource()->allocate(size, alignment);
  }
  void do_deallocate(void* block, std::size_t size, std::size_t alignment) override {
    deallocated.push_back({size, alignment});
    std::pmr::new_delete_resource()->deallocate(block, size, alignment);
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

bool is_aligned(const void* block, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(block) % alignment == 0;
}

TEST(From, PassesSizesAndAlignmentsThrough) {
  noting_resource resource;
  const chime::allocator memory = chime::from(resource);
  const std::vector<request> requests = {{1, 1}, {64, 64}, {4096, 4096}, {100, 8192}};
  for (const auto [size, alignment] : requests) {
    void* const block = memory.allocate(memory.context, size, alignment);
    ASSERT_NE(block, nullptr);
    EXPECT_TRUE(is_aligned(block, alignment));
    memory.deallocate(memory.context, block, size, alignment);
  }
  EXPECT_EQ(resource.allocated, requests);
  EXPECT_EQ(resource.deallocated, requests);
}

TEST(From, ExceptionsBecomeNull) {
  noting_resource resource;
  const chime::allocator memory = chime::from(resource);
  resource.out_of_memory = true;
  EXPECT_EQ(memory.allocate(memory.context, 64, 64), nullptr);
  resource.out_of_memory = false;
  resource.broken = true;
  EXPECT_EQ(memory.allocate(memory.context, 64, 64), nullptr);
}

TEST(From, WorksAgainAfterAnException) {
  noting_resource resource;
  const chime::allocator memory = chime::from(resource);
  resource.out_of_memory = true;
  EXPECT_EQ(memory.allocate(memory.context, 64, 64), nullptr);
  resource.out_of_memory = false;
  void* const block = memory.allocate(memory.context, 64, 64);
  ASSERT_NE(block, nullptr);
  memory.deallocate(memory.context, block, 64, 64);
}

TEST(Checked, OneFunctionAloneIsRefused) {
  noting_resource resource;
  chime::allocator only_allocates = chime::from(resource);
  only_allocates.deallocate = nullptr;
  chime::allocator only_deallocates = chime::from(resource);
  only_deallocates.allocate = nullptr;
  for (const auto& incomplete : {only_allocates, only_deallocates}) {
    const auto checked = chime::detail::checked(incomplete);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error(), chime::fault::allocator_incomplete);
  }
}

TEST(Checked, BothFunctionsAreKept) {
  noting_resource resource;
  const chime::allocator given = chime::from(resource);
  const auto checked = chime::detail::checked(given);
  ASSERT_TRUE(checked);
  EXPECT_EQ(checked->allocate, given.allocate);
  EXPECT_EQ(checked->deallocate, given.deallocate);
  EXPECT_EQ(checked->context, &resource);
}

TEST(Checked, NoFunctionIsTheHeap) {
  const auto heap = chime::detail::checked({});
  ASSERT_TRUE(heap);
  for (const auto [size, alignment] : {request{1, 1}, {24, 8}, {100, 64}, {4096, 4096}, {10, 65536}}) {
    void* const block = heap->allocate(heap->context, size, alignment);
    ASSERT_NE(block, nullptr);
    EXPECT_TRUE(is_aligned(block, alignment));
    std::memset(block, 0xa5, size);
    heap->deallocate(heap->context, block, size, alignment);
  }
}

TEST(Checked, TheHeapSaysNoByNull) {
  const auto heap = chime::detail::checked({});
  ASSERT_TRUE(heap);
  EXPECT_EQ(heap->allocate(heap->context, SIZE_MAX, 64), nullptr);
  EXPECT_EQ(heap->allocate(heap->context, SIZE_MAX - 62, 64), nullptr);
}

struct alignas(64) counted {
  counted(int& count_of_live, int content) noexcept : live(count_of_live), value(content) { ++live; }
  ~counted() { --live; }
  int& live;
  int value;
};

TEST(Make, ConstructsInTheAllocatorsMemory) {
  noting_resource resource;
  const chime::allocator memory = chime::from(resource);
  int live = 0;
  auto* const object = chime::detail::make<counted>(memory, live, 7);
  ASSERT_NE(object, nullptr);
  EXPECT_EQ(object->value, 7);
  EXPECT_EQ(live, 1);
  EXPECT_EQ(resource.allocated, (std::vector<request>{{sizeof(counted), 64}}));
  chime::detail::dispose(memory, object);
  EXPECT_EQ(live, 0);
  EXPECT_EQ(resource.deallocated, resource.allocated);
}

TEST(Make, NullWithoutMemory) {
  noting_resource resource;
  resource.out_of_memory = true;
  const chime::allocator memory = chime::from(resource);
  int live = 0;
  auto* const object = chime::detail::make<counted>(memory, live, 7);
  EXPECT_EQ(object, nullptr);
  EXPECT_EQ(live, 0);
  chime::detail::dispose(memory, object);
  EXPECT_TRUE(resource.deallocated.empty());
}

}  // namespace
