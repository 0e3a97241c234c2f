// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The free events that any thread may acquire: a pool's shared side.
///
/// Two stacks whose roles flip: what the polling thread and the caches give back is pushed onto one (the return stack),
/// acquires pop the other (the serving stack), so that the polling thread and the producers write different cache lines.
/// Only when the serving stack is empty do the roles flip, by one compare-and-swap of the role word: all returned events
/// migrate at once, in O(1), without a lock, and at no moment does one thread hold events in hand that another could miss.
///
/// In front of them, pockets over which the threads are spread: a thread that releases what it acquired finds it there
/// again, on a line that it shares with few others or none.
///
/// Invariants (beside those of stacks and pockets):
/// 1. An event is in at most one of the stacks and pockets.
/// 2. still_none() says so only if at one instant all of them were empty: each one's head or slot, tag included, is the
///    same before and after all the others were seen empty, and whatever had come in would have changed the tag.
#pragma once

#include <array>
#include <cstdint>

#include "pool/pocket.hpp"
#include "pool/tagged_stack.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

/// `Links` maps an index to its event (`event_front* find(std::uint32_t)`, null for an index that no event has), and back
/// (`std::uint32_t index_of(event_front&)`).
template <class Links>
class free_lists {
 public:
  using chain = typename tagged_stack<Links>::chain;
  struct emptiness {
    std::array<pocket::emptiness, sync::thread_slots> pockets;
    std::array<stack_head, 2> stacks;
  };

  /// Any thread, lock-free, one swap: the chain first ... last onto the return stack. The role is a hint: a push onto the
  /// serving stack is as good, only slower.
  void push(std::uint32_t first, event_front& last) noexcept {
    stacks_[1 - serving_.load(std::memory_order_relaxed)].stack.push(first, last);
  }
  /// The same for one event, which may go into the thread's pocket.
  void push(Links& links, event_front& e) noexcept {
    if (!mine().put(e)) push(links.index_of(e), e);
  }

  /// Any thread, lock-free. Null: this thread's pocket is empty.
  [[nodiscard]] event_front* pop_from_pocket() noexcept {
    pocket::emptiness seen;
    return mine().take(seen);
  }
  /// What lies in the pockets goes onto the return stack.
  void empty_pockets(Links& links) noexcept {
    pocket::emptiness seen;
    for (pocket& p : pockets_) {
      while (event_front* const e = p.take(seen)) push(links.index_of(*e), *e);
    }
  }
  /// Any thread, lock-free. Up to `most` events that hang together; {0, 0}: nowhere was one, and `seen` is how.
  [[nodiscard]] chain pop(Links& links, std::uint32_t most, emptiness& seen) noexcept {
    if (const chain got = pop_stacks(links, most, seen); got.count != 0) return got;
    for (unsigned i = 0; i < sync::thread_slots; ++i) {
      if (event_front* const e = pockets_[i].take(seen.pockets[i]); e != nullptr) return {links.index_of(*e), 1};
    }
    return {};
  }
  /// Whether nothing came in since `seen`, so that at one instant there was nothing at all.
  [[nodiscard]] bool still_none(const emptiness& seen) const noexcept {
    for (unsigned i = 0; i < sync::thread_slots; ++i) {
      if (!pockets_[i].unchanged(seen.pockets[i])) return false;
    }
    return stacks_[0].stack.look() == seen.stacks[0] && stacks_[1].stack.look() == seen.stacks[1];
  }

 private:
  [[nodiscard]] pocket& mine() noexcept { return pockets_[sync::this_thread() % sync::thread_slots]; }

  [[nodiscard]] chain pop_stacks(Links& links, std::uint32_t most, emptiness& seen) noexcept {
    for (;;) {
      auto role = serving_.load(std::memory_order_relaxed);
      if (const chain got = stacks_[role].stack.pop(links, most, seen.stacks[role]); got.count != 0) return got;
      seen.stacks[1 - role] = stacks_[1 - role].stack.look();
      if (seen.stacks[1 - role].empty()) return {};
      // Relaxed: the role carries no data, every stack synchronises by its own head. Failing means that it flipped.
      (void)serving_.compare_exchange_strong(role, 1 - role, std::memory_order_relaxed, std::memory_order_relaxed);
    }
  }

  struct alignas(64) line {
    tagged_stack<Links> stack;
  };
  std::array<pocket, sync::thread_slots> pockets_;
  std::array<line, 2> stacks_;
  alignas(64) sync::atomic<std::uint32_t> serving_{0};  // written only by flips
};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
