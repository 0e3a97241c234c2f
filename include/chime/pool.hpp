// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The event pool: made once, acquired from by any thread, released to by any thread.
#pragma once

#include <chime/event.hpp>
#include <chime/memory.hpp>
#include <chime/proactor.hpp>

#include <cstdint>

namespace chime {
inline namespace v1 {

namespace detail {
struct pool;
}

/// What a native event is made of.
enum class primitive : unsigned char {
  automatic,  ///< eventfd where there is one, else a pipe
  eventfd,
  pipe,
};

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

/// Embedded in the caller's object, pinned. All completions of its events run on one loop. It must outlive its tickets.
///
/// Released events are handed out again in no promised order (those that migrate together come back newest first; a
/// cache is last in, first out), and always as a new use, which no earlier ticket reaches.
class CHIME_API event_pool {
 public:
  /// What the pool asks its allocator for, in size and alignment, each time: a header and 63 events of 64 bytes.
  static constexpr std::size_t page_size = 4096;
  /// The most events that a pool can number.
  static constexpr std::size_t capacity_limit = 16'000'000;

  event_pool() noexcept;
  event_pool(const event_pool&) = delete;
  event_pool& operator=(const event_pool&) = delete;
  /// Closes; if events are still out, stops the program and says how many.
  ~event_pool();

  /// Makes `initial_capacity` events, whole or not at all. The loop must outlive the pool's close.
  /// Errors: capacity_below_initial, capacity_too_large, allocator_incomplete, pool_already_open, loop_closed;
  /// resource_exhausted (memory, descriptors), with the system's code.
  [[nodiscard]] result<void> open(proactor& loop, const pool_options& options = {}) noexcept;
  /// A pool without a loop: for threads that block on their events. Native events are not possible.
  [[nodiscard]] result<void> open(const pool_options& options = {}) noexcept;

  /// Any thread. Lock-free but for the allocator's and the kernel's own locks when the pool grows. A free event wins
  /// over growth; no system call (a native event: one if its primitive must be read empty, or two or three to make or
  /// replace it). Errors: pool_exhausted, pool_closed, resource_exhausted with the system's code. The pool stays usable
  /// after each. (A native event is not free for as long as a signaller of an earlier use is inside signal().)
  [[nodiscard]] result<event> acquire() noexcept;

  /// Refuses acquires from now on, and returns how many events are out (held or in caches). When that is 0 everything
  /// has been freed, and calls of acquire() or signal() must be over; else call again later, polling meanwhile.
  /// On a pool that is not open: 0. Calls of close() are serialised by the caller.
  std::size_t close() noexcept;
  /// Cancels every submitted wait in flight: any thread, O(events made). Blocking waits are not cancelled.
  void cancel_all() noexcept;
  /// Native: closes the primitives of free events; acquire makes them again. Memory stays, since tickets point to it.
  void trim() noexcept;
  /// Any thread, O(events made): for people and tests, not for hot paths.
  [[nodiscard]] pool_stats stats() const noexcept;

 private:
  friend class event_cache;
  alignas(64) unsigned char storage_[512];
};

/// One producer's private stock of a pool's events: acquire and release without atomic read-modify-writes, refilled
/// from and emptied into the pool in batches. Used by one thread at a time; destroyed before its pool is closed. An
/// event acquired here may be released anywhere; only release() brings it back into this stock. A stock is invisible to
/// others: a pool says "exhausted" only wrongly if maximum_capacity < peak held + limit of all caches.
class CHIME_API event_cache {
 public:
  static constexpr std::size_t limit = 64;  ///< the most events that a cache keeps

  explicit event_cache(event_pool& pool) noexcept;
  event_cache(const event_cache&) = delete;
  event_cache& operator=(const event_cache&) = delete;
  ~event_cache();

  /// Like event_pool::acquire.
  [[nodiscard]] result<event> acquire() noexcept;
  /// Releases into this stock. An event of another pool stops the program. An empty handle: nothing.
  void release(event&& ev) noexcept;

 private:
  alignas(64) unsigned char storage_[64];
};

}  // namespace v1
}  // namespace chime
