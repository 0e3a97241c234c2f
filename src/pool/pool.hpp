// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The pool's state, embedded in event_pool. Any thread acquires and releases; open and close are serialised by the
/// caller.
///
/// Invariants:
/// 1. made = free + cached + held + retired, where free counts the shared side, cached the homes' stocks and rings, retired
///    the events at the end of their generations. Counted by stats() and close(), kept by nobody on the hot path.
/// 2. Events 1 ... made have a page (and a primitive, if native, unless it was trimmed); no others are ever handed out.
/// 3. An event in a list, stock or ring is free by its word, and nobody holds it. On the shared side it `lives_in` `shared`.
/// 4. A push into the free lists, or a publication in a home's ring, is the last touch of the pool by a release, so a pool
///    whose events have all come back can be freed.
/// 5. What the polling thread releases inside a poll is published at the end of that poll, or after `put_off_limit`
///    events, and at once when somebody has found no event; until then nobody else can acquire it.
/// 6. "Exhausted" is said only if at some moment of the call no event was free for its caller: in the lists, or published to
///    a home that nobody had (a home that is being settled belongs to its new cache already). Two exceptions: another thread
///    was kept from running for `most_waits` yields while it emptied a home or was inside a late signal; and a native event
///    that trim() or another acquire has taken in hand, to look at it, counts as held.
///
/// Cache lines (P7): releases and acquires each have the line of the stack that they use; everything read on both paths
/// lies on lines that are written only by open, close and growth.
#pragma once

#include "event/cell.hpp"
#include "pool/free_lists.hpp"
#include "pool/page_directory.hpp"
#include "proactor/deferral.hpp"
#include "sync/process.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

struct home;
struct loop;

/// Maps indices to events and back, for the free lists.
struct cell_links {
  page_directory& pages;
  [[nodiscard]] event_front* find(std::uint32_t index) const noexcept { return pages.find(index); }
  [[nodiscard]] static std::uint32_t index_of(event_front& e) noexcept { return static_cast<cell&>(e).index(); }
};

/// What a look into the homes that nobody has brought.
enum class swept : unsigned char {
  none,  ///< there was nothing
  some,  ///< events were moved to the shared side
  busy,  ///< somebody else is moving them
};

enum class door : unsigned char { never_opened, open, closing };

struct pool {
  /// Debug builds also catch two releases that race, for the price of a compare-and-swap.
#ifdef NDEBUG
  static constexpr bool checks_racing_releases = false;
#else
  static constexpr bool checks_racing_releases = true;
#endif

  // Written by open and close, read by all.
  page_directory pages;
  allocator memory;
  loop* completes_on = nullptr;
  void (*complete)(cell&, std::error_code) = nullptr;
  std::uint32_t maximum = 0;
  bool native = false;
  primitive kind = primitive::automatic;
  sync::atomic<door> state{door::never_opened};
  sync::atomic<bool> hungry{false};    ///< somebody has found no event at the maximum: nothing shall be put off
  sync::atomic<home*> homes{nullptr};  ///< every home that there ever was, newest first
  std::uint32_t put_off_limit = 0;     ///< releases of the polling thread that are published together
  birthplace opened_in;                ///< the process

  free_lists<cell_links> free;

  static constexpr std::uint64_t nobody = ~std::uint64_t{0};
  /// Where events of the shared side live, and caches that got no memory: nobody's for ever.
  home_front shared{nobody};

  alignas(64) sync::atomic<std::uint32_t> made{0};
  sync::atomic<std::uint32_t> retired{0};
  std::size_t collected = 0;  ///< close(): events that have come back
  alignas(64) sync::atomic<std::uint64_t> stale_signals{0};
  /// What the polling thread has released in this poll to the shared side: a chain of indices, oldest first.
  alignas(64) deferral returns;
  cell* returned_last = nullptr;
  std::uint32_t returned_first = 0;
  std::uint32_t returned_count = 0;

  [[nodiscard]] std::error_code open(loop*, const pool_options&, void (*complete)(cell&, std::error_code)) noexcept;
  [[nodiscard]] result<cell*> acquire() noexcept;
  void release(cell&) noexcept;
  [[nodiscard]] std::size_t close() noexcept;
  /// The same, but waits for events that are out only because their release is under way, or put off to the end of a poll.
  [[nodiscard]] std::size_t close_after_releases() noexcept;
  void cancel_all() noexcept;
  void trim() noexcept;
  [[nodiscard]] pool_stats stats() noexcept;

  // Parts that the homes use too.
  /// Stops the program in a forked child.
  void check_process() const noexcept {
    opened_in.check("an event_pool was used by a forked child; it may open its own, exec or _exit");
  }
  /// pool_closed, or nothing.
  [[nodiscard]] std::error_code check_open() const noexcept;
  /// Open, and an event needs nothing but its word to be acquired.
  /// Acquire: pairs with the release in open(): a thread that finds the pool open sees all of it.
  [[nodiscard]] bool serves_plain_events() const noexcept {
    return state.load(std::memory_order_acquire) == door::open && !native;
  }
  /// free -> the next use, checked. False: the event has served all its uses and is retired.
  [[nodiscard]] bool retire(cell& c) noexcept {
    const word_value now = c.word.peek();
    const word_value next = now.next_use();
    if (checks_racing_releases || native || !event_word::releasable(now)) [[unlikely]] {
      if (!c.word.retire_exact()) refuse_release(c.word.peek().phase());
    } else {
      c.word.retire(next);
    }
    if (!next.retired()) [[likely]]
      return true;
    count_retired();
    return false;
  }
  /// Up to `most` free events, and then `count` of them from `first` on, by their links.
  [[nodiscard]] tagged_stack<cell_links>::chain take_free(std::uint32_t most) noexcept {
    free_lists<cell_links>::emptiness seen;
    return take_free(most, seen);
  }
  [[nodiscard]] tagged_stack<cell_links>::chain take_free(std::uint32_t most,
                                                          free_lists<cell_links>::emptiness& seen) noexcept {
    cell_links links{pages};
    return free.pop(links, most, seen);
  }
  /// A chain of indices, linked, to everybody.
  void give_free(std::uint32_t first, cell& last) noexcept { free.push(first, last); }
  void give_free(cell& c) noexcept { free.push(c.index(), c); }
  /// Makes one more event, outside every lock. Errors: pool_exhausted, or the system's code.
  [[nodiscard]] result<cell*> grow() noexcept;
  /// A free event in hand becomes the caller's. Null and no error: a late signaller is still at it; try another.
  [[nodiscard]] result<cell*> hand_over(cell&) noexcept;

 private:
  [[noreturn]] static void refuse_release(phase) noexcept;
  void count_retired() noexcept;
  [[nodiscard]] result<cell*> look_patiently() noexcept;
  /// Null and no error: try again. All that lie free have a late signaller at them, or the lists were looked at too early.
  /// `must_wait`: not before another thread has got on.
  [[nodiscard]] result<cell*> try_acquire(bool& must_wait) noexcept;
  [[nodiscard]] result<cell*> take_fit(free_lists<cell_links>::emptiness& seen, bool& had_unfit) noexcept;
  [[nodiscard]] page_header common_header() noexcept;
  [[nodiscard]] bool is_polling_here() const noexcept;
  void put_off(cell&) noexcept;
  static void publish_returned(void* self) noexcept;
  void tell_hunger() noexcept;
  [[nodiscard]] swept sweep_homes() noexcept;
  [[nodiscard]] bool has_caches() const noexcept;
  void free_everything() noexcept;
};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
