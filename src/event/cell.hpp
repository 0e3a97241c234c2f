// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What events and operations are made of. An event is a cell of 64 bytes, one cache line; cells live in pages of 4096
/// bytes whose first line says what all of them have in common, so that a cell needs no pointers to pool and loop.
///
/// Memory: a page never moves and is returned only when its pool is closed, because tickets point into it.
#pragma once

#include <boost/intrusive/list_hook.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "chime/detail/sizes.hpp"
#include "chime/event.hpp"
#include "chime/pool.hpp"
#include "event/inbox.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

struct native_state;
struct cell;

/// Two words. Unlinks itself from whatever list of the timer wheel it is in.
using timer_hook = boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// Something that waits: the part that events and operations share. The word tells which of the two it is: operations
/// have generation 0.
///
/// Who writes what when: function, context and deadline by the holder before the word leaves idle; `next` by the winner
/// of the word before its push, and by the loop after taking; `timer` by the polling thread alone.
struct waiter : event_front {
  sync::plain<void (*)()> function;  ///< a callback::function, or a chime_callback of the C interface
  sync::plain<void*> context;
  sync::plain<time_point> deadline;
  timer_hook timer;

  [[nodiscard]] bool is_operation() const noexcept { return word.peek().generation() == 0; }
};

/// The first line of a page: written before the page's first event is handed out, then read only.
struct page_header {
  void* pool = nullptr;                                  ///< detail::pool; the event layer only compares it
  inbox* loop = nullptr;                                 ///< where completions go; null: a pool without a loop
  native_state* natives = nullptr;                       ///< one for each cell; null: events live in user space alone
  sync::atomic<std::uint64_t>* stale_signals = nullptr;  ///< the pool's statistic
  /// Null: C++ callbacks. Else runs the completion, for other languages' callbacks.
  void (*complete)(cell&, std::error_code) = nullptr;
  std::uint32_t first_index = 0;  ///< of cells[0]
};

struct page;

/// An event. 64 bytes: two events never share a line.
struct alignas(64) cell : waiter {
  [[nodiscard]] page& its_page() noexcept;
  [[nodiscard]] std::uint32_t index() noexcept;
  [[nodiscard]] native_state* native() noexcept;

  [[nodiscard]] static event hand_out(cell& c) noexcept { return event{&c}; }
  [[nodiscard]] static cell* of(const event& ev) noexcept { return static_cast<cell*>(ev.front_); }
  [[nodiscard]] static cell* take_from(event& ev) noexcept {
    return static_cast<cell*>(std::exchange(ev.front_, nullptr));
  }
};
static_assert(sizeof(cell) == 64);

struct alignas(event_pool::page_size) page {
  static constexpr std::uint32_t cells_per_page = sync::page_cells;
  alignas(64) page_header header;
  cell cells[cells_per_page];
};
static_assert(sizeof(page) == event_pool::page_size);

inline page& cell::its_page() noexcept {
  return *reinterpret_cast<page*>(reinterpret_cast<std::uintptr_t>(this) & ~std::uintptr_t{event_pool::page_size - 1});
}
inline std::uint32_t cell::index() noexcept {
  page& p = its_page();
  return p.header.first_index + static_cast<std::uint32_t>(this - p.cells);
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
