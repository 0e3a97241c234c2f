// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// One producer's stock: a chain of free events that only its owner touches.
#pragma once

#include "pool/pool.hpp"

namespace chime {
inline namespace v1 {
namespace detail {

/// Invariant: `count` events hang on `first` by their links; all are free, and in no other list. Only the owner writes.
struct cache {
  static constexpr std::uint32_t batch = 32;  ///< taken from the pool, or given back to it, at once

  pool* home;
  std::uint32_t first = 0;
  sync::atomic<std::uint32_t> count{0};  ///< atomic for stats() alone, which reads it from other threads; relaxed
  cache* next = nullptr;                 ///< the pool's list of caches, under its lock
  cache* previous = nullptr;

  explicit cache(pool&) noexcept;
  ~cache();

  [[nodiscard]] result<cell*> acquire() noexcept;
  void release(cell&) noexcept;

 private:
  [[nodiscard]] cell& take_one() noexcept;
  void put_one(cell&) noexcept;
  void publish(std::uint32_t how_many) noexcept;
  [[nodiscard]] std::uint32_t stock() const noexcept { return count.load(std::memory_order_relaxed); }
};

}  // namespace detail
}  // namespace v1
}  // namespace chime
