// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Where a cache's events live: a private stock, and a ring by which the polling thread sends them back. A home belongs to
/// its pool and lives until the pool is closed, so a release that is under way always meets one; the cache that has it
/// comes and goes, and a later cache gets the same home.
///
/// Owner: the number of the thread that uses it, or one of the states below. Who releases an event knows by it whether the
/// stock is his own, without an atomic read-modify-write.
/// | owner | meaning | left by |
/// |---|---|---|
/// | nobody | no cache has it | a new cache, or a thread that finds nothing elsewhere -> sweeping |
/// | unbound | a cache has it, and no thread | the cache's next use -> its thread; the end of the cache -> nobody |
/// | a thread | only that thread touches the stock and takes from the ring | that thread, by detach -> unbound; the end of the cache -> nobody |
/// | sweeping | somebody empties the ring into the shared side | the same thread -> nobody, or for a new cache -> unbound |
///
/// Invariants:
/// 1. Stock and the ring's consuming end have one user: the thread that the owner names, the thread that has won
///    nobody -> sweeping, or the one that was handed the cache. Each way on is a release store, each
///    way in an acquire or what the caller hands the cache over by.
/// 2. The ring's producing end is the polling thread's, whoever the owner is.
/// 3. Everything in stock and ring is free by its word.
/// 4. Without an owner the stock is empty; the ring may still get what the polling thread had in hand. What is published while
///    a new cache takes the home over is that cache's.
#pragma once

#include "chime/detail/sizes.hpp"
#include "chime/detail/thread.hpp"
#include "pool/pool.hpp"
#include "pool/return_ring.hpp"
#include "proactor/deferral.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

struct home : home_stock {
  static constexpr std::uint64_t nobody = pool::nobody;
  static constexpr std::uint64_t sweeping = nobody - 1;
  static constexpr std::uint64_t unbound = nobody - 2;
  /// Set in the owner where nothing may take the inline path: a native event needs more than its word, and debug builds
  /// look for releases that race.
  static constexpr std::uint64_t careful = std::uint64_t{1} << 62U;

  pool* of;
  home* next = nullptr;  ///< in the pool's list, which only grows

  // The polling thread's.
  alignas(64) deferral returns;
  return_ring<cell, sync::ring_places> ring;

  explicit home(pool& p) noexcept : home_stock(unbound), of(&p) { returns = {.run = publish, .context = this}; }
  /// Null: the event's is the shared side.
  [[nodiscard]] static home* of_event(const cell& c) noexcept;

  /// A home for a new cache, unbound: one that was left, or a new one. Null: no memory for it.
  [[nodiscard]] static home* settle(pool&) noexcept;
  /// The cache ends: everything goes to the shared side. By its owner, or when the owner has detached it or has ended.
  void leave() noexcept;
  /// The owner lets go, so that another thread may bind itself.
  void detach() noexcept;

  /// What home_front::take() leaves over: the first acquire of a thread, an empty stock, native events, errors.
  [[nodiscard]] result<cell*> acquire() noexcept;
  /// A release by the owner, when home_front::put_back() could not.
  void keep(cell&) noexcept;
  /// The same for an event that may have come from elsewhere in the pool.
  void adopt(cell&) noexcept;

  [[nodiscard]] bool is_used_here() const noexcept {
    return sync::is_this_thread(owner.load(std::memory_order_relaxed) & ~careful);
  }
  /// Whether a cache has it. Relaxed: a hint, but to whoever has the cache.
  [[nodiscard]] bool has_cache() const noexcept { return owner.load(std::memory_order_relaxed) < sweeping; }

  /// A release by the polling thread, of an event that is retired. False: not to here. What is sent to a home that was
  /// just left is found by whoever finds nothing elsewhere.
  [[nodiscard]] bool send_back(cell& c) noexcept {
    return owner.load(std::memory_order_relaxed) < unbound && ring.put(&c);
  }

  /// Empties the ring into the shared side, if no cache has this home.
  [[nodiscard]] swept sweep() noexcept;
  /// Takes a home that nobody has, empty. False: somebody was faster.
  [[nodiscard]] bool pass_on(std::uint64_t next_owner) noexcept;

 private:
  static void publish(void* self) noexcept;
  void bind() noexcept;
  void let_take() noexcept;
  [[nodiscard]] cell* take_fit() noexcept;
  /// For the owner.
  [[nodiscard]] bool has_more() const noexcept {
    return stocked.load(std::memory_order_relaxed) != 0 || ring.size() != 0;
  }
  [[nodiscard]] cell* take_one() noexcept;
  void stock_from_ring() noexcept;
  void stock_from_shared() noexcept;
  void spill() noexcept;
  void give_stock(std::uint64_t how_many) noexcept;
  void empty_ring() noexcept;
};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
