// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The ready queue of a loop: any thread pushes, the polling thread takes everything at once. One word holds both the
/// newest node and whether the loop sleeps, so no push can fall between the loop's last look and its sleep.
///
/// The word: pointer to the newest node | bit 0 asleep | bit 1 wake. `asleep` alone is the sleep sentinel.
///
/// Invariants:
/// 1. A node is in at most one list, because only the winner of its event's word pushes it (word.hpp).
/// 2. asleep implies that the queue was empty when the loop went to sleep; the first push or wake after that finds
/// exactly
///    the sentinel, and owes one ring of the loop's doorbell. Nobody else owes one for that sleep.
/// 3. Debts and payments: a sleep that ended with anything but the bare sentinel was ended by somebody who owes a ring.
///    `ended` counts those, on the polling thread; `paid` counts the rings done. paid <= ended whenever polling is
///    over, and the loop's memory may go only when they are equal: the payer's increment is its last touch.
#pragma once

#include <cstdint>

#include "chime/detail/front.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

class ready_queue {
 public:
  /// Newest first, and whether wake() was called since the last take.
  struct taken {
    node* newest = nullptr;
    bool woken = false;
  };

  /// Any thread. True: the caller owes a ring, then settle(). The swap is the last touch of the node.
  /// Release: pairs with the acquire of take() and wake_up(), which read the node's link and its waiter.
  [[nodiscard]] bool push(node& n) noexcept {
    auto seen = head_.load(std::memory_order_relaxed);
    for (;;) {
      n.next.store(seen & ~bits, std::memory_order_relaxed);
      const auto mine = reinterpret_cast<std::uintptr_t>(&n) | (seen & wake_bit);
      if (head_.compare_exchange_weak(seen, mine, std::memory_order_release, std::memory_order_relaxed)) {
        return seen == asleep_bit;
      }
    }
  }

  /// Any thread: the present or next sleep ends. True: the caller owes a ring, then settle().
  /// A read-modify-write, so that it cannot be lost between the loop's last look and its sleep. Release: pairs with the
  /// acquire of take() and wake_up(): what was written before wake() (a stop flag) is seen by the loop that it woke.
  [[nodiscard]] bool wake() noexcept { return head_.fetch_or(wake_bit, std::memory_order_release) == asleep_bit; }

  /// After the ring. The last touch of the queue. Release: pairs with the acquire of settled(): the ring has happened.
  void settle() noexcept { paid_.fetch_add(1, std::memory_order_release); }

  /// Polling thread, from here on. Everything that was pushed. Acquire: pairs with push and wake.
  [[nodiscard]] taken take() noexcept {
    // The first load saves the locked exchange on an empty queue; relaxed, since seeing an old "empty" only defers.
    if (is_empty()) return {};
    return unpack(head_.exchange(0, std::memory_order_acquire));
  }

  /// Whether take() would get something. Relaxed: what it says leads to a take.
  [[nodiscard]] bool is_empty() const noexcept { return head_.load(std::memory_order_relaxed) == 0; }

  /// Announces the sleep. False: something was pushed, or wake() was called; do not sleep. Relaxed: publishes nothing,
  /// and who finds the sentinel reads nothing of ours but the doorbell, which is older than the loop's first push.
  [[nodiscard]] bool fall_asleep() noexcept {
    std::uintptr_t empty = 0;
    return head_.compare_exchange_strong(empty, asleep_bit, std::memory_order_relaxed, std::memory_order_relaxed);
  }

  /// After the sleep, however it ended. Acquire: as take().
  [[nodiscard]] taken wake_up() noexcept {
    const auto seen = head_.exchange(0, std::memory_order_acquire);
    if (seen != asleep_bit) ended_.set(ended_.get() + 1);
    return unpack(seen);
  }

  /// Sleeps that somebody ended so far.
  [[nodiscard]] std::uint64_t ended() const noexcept { return ended_.get(); }
  /// Polling is over: whether every ring that was owed has been made. Acquire: pairs with settle().
  [[nodiscard]] bool settled() const noexcept { return paid_.load(std::memory_order_acquire) == ended_.get(); }

 private:
  static constexpr std::uintptr_t asleep_bit = 1;
  static constexpr std::uintptr_t wake_bit = 2;
  static constexpr std::uintptr_t bits = asleep_bit | wake_bit;

  static taken unpack(std::uintptr_t seen) noexcept {
    return {reinterpret_cast<node*>(seen & ~bits), (seen & wake_bit) != 0};
  }

  alignas(64) sync::atomic<std::uintptr_t> head_{0};
  alignas(64) sync::atomic<std::uint64_t> paid_{0};  // written by wakers, away from the head that everybody swaps
  alignas(64) sync::plain<std::uint64_t> ended_{0};  // the polling thread's own
};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
