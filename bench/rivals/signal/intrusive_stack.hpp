// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The list that many threads push to and one takes whole, oldest first: a compare-and-swap stack, reversed.
#pragma once

#include <atomic>

namespace chime::bench {

/// Node has a member `Node* next`, which belongs to the list while the node is in it.
template <class Node>
class intrusive_stack {
 public:
  void push(Node& node) {
    Node* seen = head_.load(std::memory_order_relaxed);
    do {
      node.next = seen;
      // Release: pairs with take_all(): the node's fields.
    } while (!head_.compare_exchange_weak(seen, &node, std::memory_order_release, std::memory_order_relaxed));
  }

  /// The oldest, linked to the newer ones. The load saves the locked exchange when there is nothing.
  Node* take_all() {
    if (head_.load(std::memory_order_relaxed) == nullptr) return nullptr;
    Node* newest = head_.exchange(nullptr, std::memory_order_acquire);
    Node* oldest = nullptr;
    while (newest != nullptr) {
      Node* const older = newest->next;
      newest->next = oldest;
      oldest = newest;
      newest = older;
    }
    return oldest;
  }

 private:
  alignas(64) std::atomic<Node*> head_{nullptr};
};

}  // namespace chime::bench
