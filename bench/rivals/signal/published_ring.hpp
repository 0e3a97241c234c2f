// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A single-producer, single-consumer ring whose writer publishes many values by one store. An owner makes it as large
/// as all values that exist, so it never overflows and the reader tells nobody how far it got.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

namespace chime::bench {

template <class T>
class published_ring {
 public:
  explicit published_ring(unsigned values) : mask_(std::bit_ceil(values * 2) - 1), values_(mask_ + 1) {}
  /// Only before it is used, so that a vector can hold rings.
  published_ring(published_ring&& other) noexcept : mask_(other.mask_), values_(std::move(other.values_)) {}

  /// Writer: will be seen after publish().
  void stage(T value) { values_[staged_++ & mask_] = value; }
  void publish() {
    // Release: pairs with refill(): the values, and what the writer did to the things that they name.
    if (staged_ != tail_.load(std::memory_order_relaxed)) tail_.store(staged_, std::memory_order_release);
  }

  /// Reader: calls `use` for each value that has been published, and returns how many there were.
  template <class Use>
  std::uint64_t take_all(Use use) {
    const std::uint64_t count = refill();
    while (head_ != seen_tail_) use(values_[head_++ & mask_]);
    return count;
  }
  /// Reader: the next value. Looks at the writer's line only when what it saw there is used up.
  [[nodiscard]] bool take_one(T& value) {
    if (head_ == seen_tail_ && refill() == 0) return false;
    value = values_[head_++ & mask_];
    return true;
  }

 private:
  std::uint64_t refill() {
    seen_tail_ = tail_.load(std::memory_order_acquire);
    return seen_tail_ - head_;
  }

  const std::uint64_t mask_;
  std::vector<T> values_;
  alignas(64) std::atomic<std::uint64_t> tail_{0};
  alignas(64) std::uint64_t staged_ = 0;  // the writer's
  alignas(64) std::uint64_t head_ = 0;    // the reader's
  std::uint64_t seen_tail_ = 0;
};

/// How completions tell their producer that a slot is free again, for all subjects alike: one line carries sixteen slot
/// numbers, and one store publishes those of a poll, so that it costs a small part of what the fastest subject does. (A
/// flag for each slot would cost two transfers of a line for each signal.)
using slot_ring = published_ring<unsigned>;

}  // namespace chime::bench
