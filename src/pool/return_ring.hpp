// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The way back from the polling thread to the owner of a cache: a ring with one producer and one consumer. What the
/// producer puts in becomes visible when it publishes, many at once, with one plain store: no locked instruction, which
/// would wait for every store that the polling thread still has on its way to contended lines. A ring of pointers, rather
/// than a chain through the events, because the consumer's processor can fetch many events at once when it need not read
/// one to learn of the next.
///
/// Invariants:
/// 1. taken <= published <= put <= taken + capacity, all of them modulo 2^32.
/// 2. Slots [taken, published) are the consumer's, all others the producer's.
#pragma once

#include <cstdint>

#include "chime/config.hpp"
#include "chime/detail/atomic.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

template <class T, std::uint32_t capacity>
class return_ring {
  static_assert((capacity & (capacity - 1)) == 0, "a power of two, since the counts wrap");

 public:
  // The producer.

  /// False: full, as far as the consumer has told.
  [[nodiscard]] bool put(T* item) noexcept {
    const std::uint32_t put = put_.get();
    if (put - seen_taken_.get() == capacity) {
      // Acquire: pairs with the release in take(): the consumer has read the slots that are written now.
      seen_taken_.set(taken_.load(std::memory_order_acquire));
      if (put - seen_taken_.get() == capacity) return false;
    }
    slots_[put % capacity].set(item);
    put_.set(put + 1);
    return true;
  }
  [[nodiscard]] std::uint32_t unpublished() const noexcept {
    return put_.get() - published_.load(std::memory_order_relaxed);
  }
  /// Release: pairs with the acquire in take(): slots and events are visible.
  void publish() noexcept { published_.store(put_.get(), std::memory_order_release); }

  // The consumer.

  /// Null: nothing was published.
  [[nodiscard]] T* take() noexcept {
    const std::uint32_t taken = taken_.load(std::memory_order_relaxed);
    if (taken == seen_published_.get()) {
      // Acquire: pairs with the release in publish().
      seen_published_.set(published_.load(std::memory_order_acquire));
      if (taken == seen_published_.get()) return nullptr;
    }
    T* const item = slots_[taken % capacity].get();
    // Release: pairs with the acquire in put(): we have read the slot, which may be written again; and with that in size(),
    // for home::sweep().
    taken_.store(taken + 1, std::memory_order_release);
    return item;
  }

  // Anybody.

  /// Published and not taken: exact for the consumer, a hint to others. Acquire: whoever sees that something was taken sees
  /// what the taker did before. Relaxed for what was published: whoever wants it takes it, which acquires.
  [[nodiscard]] std::uint32_t size() const noexcept {
    const std::uint32_t taken =
        taken_.load(std::memory_order_acquire);  // first, so that the difference is never negative
    return published_.load(std::memory_order_relaxed) - taken;
  }

 private:
  // Each group on a line of its own: what one side writes all the time, the other reads once for each publication (or, to
  // see what was taken, only when the ring looks full).
  alignas(64) sync::plain<std::uint32_t> put_{0};
  sync::plain<std::uint32_t> seen_taken_{0};
  alignas(64) sync::atomic<std::uint32_t> published_{0};
  alignas(64) sync::atomic<std::uint32_t> taken_{0};
  sync::plain<std::uint32_t> seen_published_{0};
  alignas(64) sync::plain<T*> slots_[capacity];
};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
