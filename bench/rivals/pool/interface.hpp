// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What every rival of the pool cases offers. A template, so that neither side of a comparison pays for a virtual call.
///
///     class some_pool {
///       static constexpr const char* name;
///       using item = ...;                               // movable, false if it is none
///       explicit some_pool(std::size_t capacity);       // made up front: as many as are ever out at once
///       class user {                                    // one thread's handle
///         explicit user(some_pool&);
///         item acquire();                               // none: the pool says that nothing is free
///         void release(item);
///       };
///       class returner {                                // the handle of the polling thread, which never acquires
///         explicit returner(some_pool&);
///         void release(item);                           // inside poll
///       };
///       template <class Drain> void poll(Drain& drain); // polling thread: calls drain() once
///     };
///
/// A pool that grows has a constructor that takes `growing`: nothing is made up front, and acquire always gives one.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "harness/clock.hpp"

namespace chime::bench {

struct growing {};

/// What the rivals hand out: as large as chime's event, and like it on a line of its own.
struct alignas(64) pool_node {
  std::uint64_t word = 0;  ///< for the holder
  pool_node* next = nullptr;
  std::array<std::byte, 48> rest = {};
};
static_assert(sizeof(pool_node) == 64);

/// Every item is written once when it has been acquired. chime does that itself, so that its events need only the
/// barrier that keep() is for the others.
template <class Node>
void touch(Node* node) {
  node->word = 1;
  keep(node);
}
template <class Event>
void touch(Event&) {
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

/// The pools whose polling thread needs nothing around its releases.
struct polled_plainly {
  template <class Drain>
  void poll(Drain& drain) {
    drain();
  }
};

}  // namespace chime::bench
