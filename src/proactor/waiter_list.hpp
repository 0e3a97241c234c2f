// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The polling thread's private list of waiters that it has taken and not yet looked at, oldest first.
#pragma once

#include "event/cell.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

/// Links by node::next, which is the loop's from taking until the word is finished or armed.
class waiter_list {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }

  void push_back(node& n) noexcept {
    n.next.store(0, std::memory_order_relaxed);
    append(&n, &n);
  }

  [[nodiscard]] waiter& pop_front() noexcept {
    node& n = *first_;
    first_ = following(n);
    return static_cast<waiter&>(n);
  }

  /// O(length). False: it is not in.
  bool remove(const node& n) noexcept {
    node* before = nullptr;
    for (node* at = first_; at != nullptr; before = at, at = following(*at)) {
      if (at != &n) continue;
      node* const after = following(n);
      if (before == nullptr) {
        first_ = after;
      } else {
        before->next.store(reinterpret_cast<std::uintptr_t>(after), std::memory_order_relaxed);
      }
      if (last_ == at) last_ = before;
      return true;
    }
    return false;
  }

  /// What the ready queue gave, newest first: appended in the order in which it was pushed. Returns how many.
  unsigned append_reversed(node* newest) noexcept {
    if (newest == nullptr) return 0;
    unsigned count = 0;
    node* reversed = nullptr;
    for (node* n = newest; n != nullptr;) {
      node* older = following(*n);
      n->next.store(reinterpret_cast<std::uintptr_t>(reversed), std::memory_order_relaxed);
      reversed = n;
      n = older;
      ++count;
    }
    append(reversed, newest);
    return count;
  }

  /// Everything of `other`, which is empty then.
  void append(waiter_list& other) noexcept {
    if (!other.empty()) append(std::exchange(other.first_, nullptr), other.last_);
  }

 private:
  [[nodiscard]] static node* following(const node& n) noexcept {
    return reinterpret_cast<node*>(n.next.load(std::memory_order_relaxed));
  }
  void append(node* first, node* last) noexcept {
    if (first_ == nullptr) {
      first_ = first;
    } else {
      last_->next.store(reinterpret_cast<std::uintptr_t>(first), std::memory_order_relaxed);
    }
    last_ = last;
  }

  node* first_ = nullptr;
  node* last_ = nullptr;
};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
