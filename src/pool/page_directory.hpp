// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// From an event's index to its cell, while the pool grows: a few pages are found directly, all others through two
/// levels of nodes, each a page itself, so that every request to the allocator has the same size.
///
/// Invariants:
/// 1. A slot goes from null to a page or node once, by compare-and-swap, and stays until close: whoever finds it
/// non-null may
///    use it for as long as the pool is open.
/// 2. Whoever loses that race gives its page back; nobody waits for anybody.
#pragma once

#include <cstdint>

#include "chime/detail/atomic.hpp"
#include "event/cell.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

class page_directory {
 public:
  /// The cell of an index (1 and up); null for an index that has no page (yet).
  [[nodiscard]] cell* find(std::uint32_t index) const noexcept {
    if (index == 0) return nullptr;
    page* p = find_page((index - 1) / page::cells_per_page);
    return p == nullptr ? nullptr : &p->cells[(index - 1) % page::cells_per_page];
  }

  /// The cell of an index that the pool has handed out, or has in a list.
  [[nodiscard]] cell& at(std::uint32_t index) const noexcept {
    return find_page((index - 1) / page::cells_per_page)->cells[(index - 1) % page::cells_per_page];
  }

  /// The page of that number, made if need be; null: no memory. Any thread. `natives`: with native states.
  [[nodiscard]] page* ensure(std::uint32_t number, const page_header& common, bool natives,
                             const allocator& memory) noexcept;

  /// Gives everything back. Nobody else is inside the pool.
  void free_all(const allocator& memory) noexcept;

 private:
  static constexpr std::uint32_t direct_pages = 7;
  static constexpr std::uint32_t fanout = event_pool::page_size / sizeof(void*);
  struct alignas(event_pool::page_size) node {
    sync::atomic<void*> slots[fanout] = {};
  };

  /// Acquire, here and for nodes: pairs with the release of install(): the page's contents are visible. The index may
  /// come from a stale link (free_lists.hpp), so the stack's own synchronisation does not do.
  [[nodiscard]] page* find_page(std::uint32_t number) const noexcept {
    if (number < direct_pages) return static_cast<page*>(direct_[number].load(std::memory_order_acquire));
    const std::uint32_t rest = number - direct_pages;
    if (rest / fanout >= fanout) return nullptr;
    const auto* root = static_cast<const node*>(root_.load(std::memory_order_acquire));
    if (root == nullptr) return nullptr;
    const auto* leaf = static_cast<const node*>(root->slots[rest / fanout].load(std::memory_order_acquire));
    return leaf == nullptr ? nullptr : static_cast<page*>(leaf->slots[rest % fanout].load(std::memory_order_acquire));
  }
  [[nodiscard]] sync::atomic<void*>* slot_of(std::uint32_t number, const allocator& memory) noexcept;

  sync::atomic<void*> direct_[direct_pages] = {};
  sync::atomic<void*> root_{nullptr};
};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
