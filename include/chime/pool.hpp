// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The event pool: made once, acquired from by any thread, released to by any thread.
#pragma once

#include <chime/detail/sizes.hpp>
#include <chime/event.hpp>
#include <chime/memory.hpp>
#include <chime/proactor.hpp>

#include <cstdint>

namespace chime {
inline namespace CHIME_ABI {

namespace detail {
struct pool;
struct home;
}  // namespace detail

/// What a native event is made of.
enum class primitive : unsigned char {
  automatic,  ///< eventfd where there is one, else a pipe
  eventfd,    ///< always: one descriptor
  pipe,       ///< always: two descriptors
};

/// How an event_pool is opened.
struct pool_options {
  std::size_t initial_capacity = 0;         ///< events made by open(), with their primitives
  std::size_t maximum_capacity = SIZE_MAX;  ///< acquire never makes more than that (SIZE_MAX: what a pool can number)
  bool native = false;                      ///< each event has a kernel object that others can poll and signal
  primitive kind = primitive::automatic;    ///< of native events
  allocator memory = {};                    ///< every byte of the events comes from here
};

/// made = free + cached + held + retired, whenever nobody is inside a call of the pool.
struct pool_stats {
  std::size_t made;             ///< events that exist
  std::size_t free;             ///< in the pool, for anybody
  std::size_t cached;           ///< in an event_cache, for its owner
  std::size_t held;             ///< acquired: with a holder or with the loop
  std::size_t retired;          ///< used 2^40 times, never handed out again
  std::uint64_t stale_signals;  ///< signals that came too late
};

/// Embedded in the caller's object, pinned. All completions of its events run on one loop. It must outlive its tickets. Not
/// for forked children.
///
/// Released events are handed out again in no promised order (a cache is last in, first out, and takes what the polling
/// thread sent back oldest first), and always as a new use, which no earlier ticket reaches.
class CHIME_API event_pool {
 public:
  /// The most that the pool asks its allocator for at once, in size and alignment: a header and 63 events of 64 bytes. (A
  /// cache's home is smaller.)
  static constexpr std::size_t page_size = 4096;
  /// The most events that a pool can number.
  static constexpr std::size_t capacity_limit = 16'000'000;

  event_pool() noexcept;  ///< closed; allocates nothing
  event_pool(const event_pool&) = delete;
  event_pool& operator=(const event_pool&) = delete;
  /// Closes, after waiting for releases that are under way or inside a poll; if events are still out, stops the program and
  /// says how many.
  ~event_pool();

  /// Makes `initial_capacity` events, whole or not at all. The loop must outlive the pool's close. No other call may be under way.
  /// No system call of its own, unless native: then one for each event.
  /// Errors: capacity_below_initial, capacity_too_large, allocator_incomplete, pool_already_open, loop_closed;
  /// resource_exhausted (memory, descriptors), with the system's code.
  [[nodiscard]] result<void> open(proactor& loop, const pool_options& options = {}) noexcept;
  /// A pool without a loop: for threads that block on their events. Native events are not possible (native_only_in_loop).
  /// Else the same.
  [[nodiscard]] result<void> open(const pool_options& options = {}) noexcept;

  /// Any thread. Lock-free but for the allocator's and the kernel's own locks when the pool grows. A free event wins
  /// over growth; no system call (a native event: one if its primitive must be read empty, or two or three to make or
  /// replace it; at the maximum perhaps some yields, for a thread that is moving free events). Errors: pool_exhausted,
  /// pool_closed, resource_exhausted with the system's code. The pool stays usable after each. (A native event is not free
  /// for as long as a signaller of an earlier use is inside signal(), or trim() or another acquire is looking at it.)
  [[nodiscard]] result<event> acquire() noexcept { return event::from(acquire_shared()); }

  /// Refuses acquires from now on, and returns how many events are out (held or in caches). When that is 0 everything
  /// has been freed, and calls of acquire() or signal() must be over; else call again later, polling meanwhile.
  /// On a pool that is not open: 0. Calls of close() are serialised by the caller. What a completion releases counts as out
  /// until its poll is over, unless the polling thread itself closes. Caches must be destroyed before the call that would
  /// return 0: it stops the program otherwise.
  std::size_t close() noexcept;
  /// Cancels every submitted wait in flight: any thread, O(events made). Blocking waits are not cancelled. System calls only
  /// to wake a loop that sleeps.
  void cancel_all() noexcept;
  /// Native: closes the primitives of free events; acquire makes them again. Memory stays, since tickets point to it. Any thread,
  /// O(events made), a close(2) for each descriptor. Other pools: nothing.
  void trim() noexcept;
  /// Any thread, O(events made): for people and tests, not for hot paths.
  [[nodiscard]] pool_stats stats() const noexcept;

 private:
  friend class event_cache;
  [[nodiscard]] detail::acquired acquire_shared() noexcept;
  alignas(64) unsigned char storage_[1216];
};

/// One producer's home in a pool: acquire and release without atomic read-modify-writes. An event that was acquired here
/// comes back here when the cache's thread releases it (by destroying the handle, or however), or the polling thread inside a
/// poll, then at the end of that poll, many at once; else it goes to everybody.
///
/// Used by one thread at a time: its first use binds the cache to its thread, and another thread may use it after
/// detach(). What it keeps is invisible to others: a pool says "exhausted" wrongly only if maximum_capacity < peak held +
/// limit of all caches + 16 (what the polling thread has released in the present poll; none if maximum_capacity < 8; and 16
/// more for each cache that is destroyed during that poll), or if a thread that moves free events does not run for 64 yields.
/// Whoever finds no event makes caches give back all that they keep, at their next release.
///
/// Destroyed before its pool is closed, by its thread, or by another after detach() or the end of its thread. What it
/// keeps then goes to everybody, and so do its events that are still out when they are released.
class CHIME_API event_cache {
 public:
  /// The most events that a cache keeps: 64 in stock, and 256 that the polling thread has sent back.
  static constexpr std::size_t limit = sync::stock_places + sync::ring_places;

  /// Of an open pool. Takes 2,944 bytes from the pool's allocator, unless an earlier cache left its home; without memory it
  /// works all the same, no faster than the pool. Any thread. No system call of its own.
  explicit event_cache(event_pool& pool) noexcept;
  event_cache(const event_cache&) = delete;
  event_cache& operator=(const event_cache&) = delete;
  ~event_cache();

  /// Like event_pool::acquire. A second thread stops the program if the first has not detached the cache.
  [[nodiscard]] result<event> acquire() noexcept {
    if (detail::event_front* const e = home_->take(); e != nullptr) [[likely]]
      return event{e};
    return event::from(acquire_elsewhere());
  }
  /// Releases into this cache, also an event that came from elsewhere in the pool. An event of another pool stops the
  /// program. An empty handle: nothing.
  void release(event&& ev) noexcept;
  /// By the cache's thread: another thread may use it from now on. Events that are out are released to everybody until
  /// then.
  void detach() noexcept;

 private:
  [[nodiscard]] detail::acquired acquire_elsewhere() noexcept;
  detail::pool* pool_;
  detail::home_front* home_;
};

}  // namespace CHIME_ABI
}  // namespace chime
