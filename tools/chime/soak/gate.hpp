// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Brings all producers to rest at a moment when nothing is in flight, so that the books can be compared.
#pragma once

#include <atomic>
#include <barrier>
#include <cstdint>

namespace chime::soak {

/// One coordinator, and a fixed number of producers. A producer that sees the gate closed ends what is its own, tells it,
/// and goes on serving the others until all are through; then all wait until the gate opens.
class gate {
 public:
  explicit gate(unsigned producers) : producers_(producers), meeting_(producers + 1) {}

  // The coordinator's.
  /// Returns when all producers rest (or have left).
  void close() {
    closed_.store(true, std::memory_order_release);
    meeting_.arrive_and_wait();
  }
  void open() {
    closed_.store(false, std::memory_order_release);
    meeting_.arrive_and_wait();
  }

  // The producers'.
  [[nodiscard]] bool is_closed() const noexcept { return closed_.load(std::memory_order_acquire); }
  /// Nothing of this producer is in flight any more. `round`: how many times the gate has been closed, this one included.
  void drained() noexcept { drained_.fetch_add(1, std::memory_order_acq_rel); }
  [[nodiscard]] bool all_drained(std::uint64_t round) const noexcept {
    return drained_.load(std::memory_order_acquire) >= round * producers_;
  }
  void rest() {
    meeting_.arrive_and_wait();  // closed: the coordinator compares the books
    meeting_.arrive_and_wait();  // opened again
  }
  /// For good, after a breach: nobody waits for this producer any more.
  void leave() { meeting_.arrive_and_drop(); }

 private:
  const std::uint64_t producers_;
  std::atomic<bool> closed_ = false;
  std::atomic<std::uint64_t> drained_ = 0;  ///< by all, since the start
  std::barrier<> meeting_;
};

}  // namespace chime::soak
