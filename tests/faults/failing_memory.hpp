// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// An allocator that counts what is out and fails the requests that it is told to fail.
#pragma once

#include <atomic>
#include <chime/memory.hpp>
#include <cstdlib>

namespace faults {

class failing_memory {
 public:
  /// Fails `how_many` requests from number `first` on, counted from 1. 0: none.
  explicit failing_memory(std::size_t first = 0, std::size_t how_many = 1) : first_(first), how_many_(how_many) {}
  failing_memory(const failing_memory&) = delete;
  failing_memory& operator=(const failing_memory&) = delete;

  [[nodiscard]] chime::allocator get() noexcept {
    return {.allocate =
                [](void* self, std::size_t size, std::size_t alignment) noexcept {
                  return static_cast<failing_memory*>(self)->take(size, alignment);
                },
            .deallocate = [](void* self, void* block, std::size_t size,
                             std::size_t) noexcept { static_cast<failing_memory*>(self)->give(block, size); },
            .context = this};
  }
  [[nodiscard]] std::size_t requests() const noexcept { return requests_; }
  [[nodiscard]] std::size_t blocks_out() const noexcept { return blocks_; }
  [[nodiscard]] std::size_t bytes_out() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t most_bytes() const noexcept { return most_bytes_; }

 private:
  void* take(std::size_t size, std::size_t alignment) noexcept {
    const std::size_t number = ++requests_;
    if (first_ != 0 && number >= first_ && number - first_ < how_many_) return nullptr;
    void* const block = std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (block == nullptr) return nullptr;
    ++blocks_;
    const std::size_t now = bytes_ += size;
    std::size_t most = most_bytes_;
    while (now > most && !most_bytes_.compare_exchange_weak(most, now)) {
    }
    return block;
  }
  void give(void* block, std::size_t size) noexcept {
    --blocks_;
    bytes_ -= size;
    std::free(block);
  }

  std::size_t first_;
  std::size_t how_many_;
  std::atomic<std::size_t> requests_ = 0;
  std::atomic<std::size_t> blocks_ = 0;
  std::atomic<std::size_t> bytes_ = 0;
  std::atomic<std::size_t> most_bytes_ = 0;
};

}  // namespace faults
