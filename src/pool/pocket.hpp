// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A few places, all on one cache line, where a thread leaves an event that it released and finds it again: a stack would
/// have to read the link of the event below. The first thread that puts something in owns the pocket for ever: it alone
/// fills its own slots, by plain stores, so that it pays one locked instruction for a release and an acquire together.
/// Whoever else is led here by his number uses the other slots. (The owner may have ended: then they are all that is left.)
///
/// A slot holds an address, or none, and a tag that every put adds one to: cells are aligned to 64 and lie below 2^48, so
/// that 22 bits are left for it.
///
/// Invariants:
/// 1. An address is in at most one slot; who swaps it out owns the event.
/// 2. Only the owner fills an own slot, so what it sees empty stays empty until it fills it.
/// 3. A slot that was seen empty twice with the same tag was empty in between, unless 2^22 events were put there
///    meanwhile. (A swap needs no such proof: what it takes out is there at that moment, or was there with the same tag.)
#pragma once

#include <array>
#include <cstdint>

#include "chime/detail/front.hpp"
#include "chime/detail/sizes.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

class alignas(64) pocket {
 public:
  /// Each slot's value when it was seen empty.
  using emptiness = std::array<std::uint64_t, sync::own_slots + sync::shared_slots>;
  /// No address of an event may reach this.
  static constexpr std::uint64_t address_limit = 1ULL << 48U;

  /// Any thread. False: no room. Release: pairs with the acquire of take(): whoever takes the event sees what was done
  /// with it before.
  [[nodiscard]] bool put(event_front& e) noexcept {
    if (is_mine()) {
      for (std::size_t i = 0; i < sync::own_slots; ++i) {
        // Relaxed: only takers write here but us, and only to empty it.
        const auto seen = slots_[i].load(std::memory_order_relaxed);
        if (seen > tag_mask) continue;
        slots_[i].store(with(e, seen + 1), std::memory_order_release);
        return true;
      }
    }
    for (std::size_t i = sync::own_slots; i < slots_.size(); ++i) {
      auto seen = slots_[i].load(std::memory_order_relaxed);
      if (seen <= tag_mask && slots_[i].compare_exchange_strong(seen, with(e, seen + 1), std::memory_order_release,
                                                                std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }

  /// Any thread. Null: every slot was empty, as told in `seen`. Acquire: pairs with put(). Release on the swap and acquire on
  /// the loads: whoever sees a slot empty because its event was taken sees what the taker had done before (given another
  /// event to a stack, say); else a thread that goes from place to place could find each of them empty, and none true.
  [[nodiscard]] event_front* take(emptiness& seen) noexcept {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      seen[i] = slots_[i].load(std::memory_order_acquire);
      while (seen[i] > tag_mask) {
        const std::uint64_t found = seen[i];
        if (slots_[i].compare_exchange_weak(seen[i], found & tag_mask, std::memory_order_acq_rel,
                                            std::memory_order_acquire)) {
          return reinterpret_cast<event_front*>(found >> tag_bits << alignment_bits);
        }
      }
    }
    return nullptr;
  }

  [[nodiscard]] bool unchanged(const emptiness& seen) const noexcept {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].load(std::memory_order_acquire) != seen[i]) return false;
    }
    return true;
  }

 private:
  static constexpr unsigned tag_bits = 22;
  static constexpr unsigned alignment_bits = 6;
  static constexpr std::uint64_t tag_mask = (1U << tag_bits) - 1;

  /// Relaxed: a thread finds its own number only where itself has stored it.
  [[nodiscard]] bool is_mine() noexcept {
    std::uint64_t owner = owner_.load(std::memory_order_relaxed);
    if (owner != 0) return sync::is_this_thread(owner);
    return owner_.compare_exchange_strong(owner, sync::this_thread(), std::memory_order_relaxed,
                                          std::memory_order_relaxed);
  }

  [[nodiscard]] static std::uint64_t with(const event_front& e, std::uint64_t tag) noexcept {
    return reinterpret_cast<std::uintptr_t>(&e) >> alignment_bits << tag_bits | (tag & tag_mask);
  }

  sync::atomic<std::uint64_t> owner_{0};
  std::array<sync::atomic<std::uint64_t>, sync::own_slots + sync::shared_slots> slots_{};
};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
