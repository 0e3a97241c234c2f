// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// An allocator for tests: counts what is out, refuses on demand, checks that blocks come back as they were given, and
/// fills them with rubbish before and after use, so that nothing is right by luck.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "chime/memory.hpp"

namespace chime_test {

class counting_memory {
 public:
  std::atomic<std::size_t> requests = 0;            ///< granted or not
  std::atomic<std::size_t> grants_left = SIZE_MAX;  ///< requests after these are refused
  std::atomic<std::size_t> odd_requests = 0;        ///< more than a page in size or alignment
  std::atomic<std::size_t> bytes = 0;               ///< out
  std::atomic<std::size_t> blocks = 0;              ///< out

  counting_memory() = default;
  counting_memory(const counting_memory&) = delete;
  counting_memory& operator=(const counting_memory&) = delete;
  ~counting_memory() { EXPECT_EQ(blocks.load(), 0U) << "blocks of a counting_memory were leaked"; }

  [[nodiscard]] chime::allocator get() noexcept {
    return {.allocate =
                [](void* self, std::size_t size, std::size_t alignment) noexcept {
                  return static_cast<counting_memory*>(self)->take(size, alignment);
                },
            .deallocate =
                [](void* self, void* block, std::size_t size, std::size_t alignment) noexcept {
                  static_cast<counting_memory*>(self)->give(block, size, alignment);
                },
            .context = this};
  }

  /// Whether the address lies in a block that is out.
  [[nodiscard]] bool owns(const void* address) const {
    const std::lock_guard guard(lock_);
    const auto* const wanted = static_cast<const std::byte*>(address);
    for (const header* h = first_; h != nullptr; h = h->next) {
      const auto* const start = reinterpret_cast<const std::byte*>(h) + h->alignment;
      if (wanted >= start && wanted < start + h->size) return true;
    }
    return false;
  }

 private:
  /// Stands `alignment` bytes before its block.
  struct header {
    std::size_t size;
    std::size_t alignment;
    header* next;
    header* previous;
  };

  void* take(std::size_t size, std::size_t alignment) noexcept {
    ++requests;
    if (size > 4096 || alignment > 4096) ++odd_requests;
    std::size_t left = grants_left;
    do {
      if (left == 0) return nullptr;
    } while (left != SIZE_MAX && !grants_left.compare_exchange_weak(left, left - 1));
    const std::size_t head = alignment < sizeof(header) ? sizeof(header) : alignment;
    auto* const start = static_cast<std::byte*>(std::aligned_alloc(head, (size + 2 * head - 1) / head * head));
    std::memset(start + head, 0xCD, size);
    auto* const h = new (start) header{size, head, nullptr, nullptr};
    const std::lock_guard guard(lock_);
    h->next = first_;
    if (first_ != nullptr) first_->previous = h;
    first_ = h;
    bytes += size;
    ++blocks;
    return start + head;
  }

  void give(void* block, std::size_t size, std::size_t alignment) noexcept {
    const std::size_t head = alignment < sizeof(header) ? sizeof(header) : alignment;
    auto* const h = reinterpret_cast<header*>(static_cast<std::byte*>(block) - head);
    EXPECT_EQ(h->size, size) << "a block came back with another size";
    EXPECT_EQ(h->alignment, head) << "a block came back with another alignment";
    std::memset(block, 0xDD, size);
    const std::lock_guard guard(lock_);
    (h->previous != nullptr ? h->previous->next : first_) = h->next;
    if (h->next != nullptr) h->next->previous = h->previous;
    bytes -= size;
    --blocks;
    std::free(h);
  }

  mutable std::mutex lock_;
  header* first_ = nullptr;
};

}  // namespace chime_test
