// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The way from a producer to the polling thread, the same for all pools: a single-producer, single-consumer ring. Each
/// item is published by itself. Each side looks at the other's line only when what it saw there is used up.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <utility>

#include "cases/pool_use.hpp"

namespace chime::bench {

template <class Item>
class item_ring {
 public:
  static constexpr std::uint64_t size = 256;

  /// Producer. False: the ring is full, and the item stays where it was.
  [[nodiscard]] bool push(Item&& item) {
    if (pushed_ - seen_head_ == size) {
      // Acquire: pairs with take(): the slot has been emptied.
      seen_head_ = head_.load(std::memory_order_acquire);
      if (pushed_ - seen_head_ == size) return false;
    }
    slots_[pushed_ % size].put(std::move(item));
    // Release: pairs with take(): the slot is filled, and all that the producer wrote into the item is there.
    tail_.store(++pushed_, std::memory_order_release);
    return true;
  }

  /// Consumer: passes on the slots of what is there, `most` at most, to take from, and returns how many that were.
  template <class Use>
  std::uint64_t take(std::uint64_t most, Use use) {
    if (taken_ == seen_tail_) seen_tail_ = tail_.load(std::memory_order_acquire);
    const std::uint64_t end = taken_ + std::min(most, seen_tail_ - taken_);
    const std::uint64_t count = end - taken_;
    while (taken_ != end) {
      use(slots_[taken_ % size]);
      head_.store(++taken_, std::memory_order_release);
    }
    return count;
  }

 private:
  std::array<item_slot<Item>, size> slots_;
  alignas(apart) std::atomic<std::uint64_t> tail_{0};
  alignas(apart) std::uint64_t pushed_ = 0;  // the producer's
  std::uint64_t seen_head_ = 0;
  alignas(apart) std::atomic<std::uint64_t> head_{0};
  alignas(apart) std::uint64_t taken_ = 0;  // the consumer's
  std::uint64_t seen_tail_ = 0;
};

}  // namespace chime::bench
