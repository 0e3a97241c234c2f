// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A stack of free events that any thread pushes to and pops from, without locks (Treiber, 1986). It holds indices (1 and
/// up, 0: none) with a tag beside the head: 24 bits of index, 40 bits of tag.
///
/// Invariants:
/// 1. An index is in at most one stack, once; whoever popped it owns it.
/// 2. Every push adds one to the tag, so a pop that read an older head fails: no ABA until 2^40 pushes fall between one
///    thread's load and its swap.
/// 3. A link is read by a popper that may already have lost the event to another; such a value is used only if the swap
///    that follows proves the head unchanged.
#pragma once

#include <cstdint>

#include "chime/detail/front.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

/// A stack's head: index and tag. The tag also tells a confirmed "empty" from one that was filled in between.
class stack_head {
 public:
  static constexpr std::uint64_t index_mask = (1U << 24U) - 1;
  constexpr stack_head() noexcept = default;
  constexpr explicit stack_head(std::uint64_t bits) noexcept : bits_(bits) {}
  friend constexpr bool operator==(stack_head, stack_head) noexcept = default;
  [[nodiscard]] constexpr std::uint64_t bits() const noexcept { return bits_; }
  [[nodiscard]] constexpr std::uint32_t index() const noexcept {
    return static_cast<std::uint32_t>(bits_ & index_mask);
  }
  [[nodiscard]] constexpr bool empty() const noexcept { return index() == 0; }
  [[nodiscard]] constexpr stack_head pushed(std::uint32_t index) const noexcept {
    return stack_head{((bits_ & ~index_mask) + tag_one) | index};
  }
  [[nodiscard]] constexpr stack_head popped_to(std::uint32_t index) const noexcept {
    return stack_head{(bits_ & ~index_mask) | index};
  }

 private:
  static constexpr std::uint64_t tag_one = 1U << 24U;
  std::uint64_t bits_ = 0;
};

/// `Links` maps an index to its event: `event_front* find(std::uint32_t)`, null for an index that no event has. Links are
/// accessed relaxed: a popper learns them through the head's acquire, which pairs with the push.
template <class Links>
class tagged_stack {
 public:
  /// Pushes the chain first ... last (linked already; one event: first == last). Any thread. The swap is the last
  /// touch. Release: pairs with the acquire of pop: whoever pops sees the link, the word and the fields of the event.
  void push(std::uint32_t first, event_front& last) noexcept {
    auto seen = head_.load(std::memory_order_relaxed);
    do {
      last.next.store(stack_head{seen}.index(), std::memory_order_relaxed);
    } while (!head_.compare_exchange_weak(seen, stack_head{seen}.pushed(first).bits(), std::memory_order_release,
                                          std::memory_order_relaxed));
  }

  struct chain {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };
  /// Pops up to `most` events that hang together: the first and how many, linked as they were (the last one's link
  /// means nothing). {0, 0}: the stack was empty, and `seen_empty` is its head then. Acquire on load and swap: pairs
  /// with push. Release on the swap: our reads of the links come before anything that the next owner writes into them,
  /// should that owner learn of the pop through this head. And whoever finds the stack empty by it sees what we did before,
  /// without which "none" could be said although an event was free all the time.
  [[nodiscard]] chain pop(Links& links, std::uint32_t most, stack_head& seen_empty) noexcept {
    auto seen = head_.load(std::memory_order_acquire);
    for (;;) {
      const stack_head now{seen};
      if (now.empty()) {
        seen_empty = now;
        return {};
      }
      const run found = walk(links, now.index(), most);
      if (found.broken) {
        seen = head_.load(std::memory_order_acquire);
      } else if (head_.compare_exchange_weak(seen, now.popped_to(found.rest).bits(), std::memory_order_acq_rel,
                                             std::memory_order_acquire)) {
        return {now.index(), found.count};
      }
    }
  }

  /// Acquire: what is not empty will be popped next.
  [[nodiscard]] stack_head look() const noexcept { return stack_head{head_.load(std::memory_order_acquire)}; }

 private:
  struct run {
    std::uint32_t rest;
    std::uint32_t count;
    bool broken;
  };
  /// Follows the links. Broken: an event was taken meanwhile and its link serves another list, so that it names no
  /// event. A wrong link that does name one is harmless too: the head has changed, and the swap fails.
  [[nodiscard]] static run walk(Links& links, std::uint32_t first, std::uint32_t most) noexcept {
    std::uint32_t rest = first;
    std::uint32_t count = 0;
    while (rest != 0 && count < most) {
      const event_front* const e = links.find(rest);
      if (e == nullptr) return {0, 0, true};
      rest = static_cast<std::uint32_t>(e->next.load(std::memory_order_relaxed) & stack_head::index_mask);
      ++count;
    }
    return {rest, count, false};
  }

  sync::atomic<std::uint64_t> head_{0};
};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
