// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The part of events and caches that most acquires and releases need, and these two themselves, inline: a call costs as
/// much as what it would do. Not an interface: nothing in here is to be used directly.
#pragma once

#include <chime/config.hpp>
#include <chime/detail/atomic.hpp>
#include <chime/detail/sizes.hpp>
#include <chime/detail/thread.hpp>
#include <chime/detail/word.hpp>

#include <cstdint>
#include <system_error>

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

struct home_front;

/// What the ready queue links. The link is atomic because the free lists use the same field for their own chains, and a
/// popper there may read it from an event that has just been taken by somebody else (tagged_stack.hpp); always relaxed.
struct alignas(8) node {
  sync::atomic<std::uintptr_t> next{0};
};

/// How an event begins.
struct event_front : node {
  event_word word;
  /// Where a release takes it: the home of the cache that it was acquired from, or what stands for the pool's shared
  /// side. Never null once the event was acquired. Written by whoever has the event in hand while it is free.
  sync::plain<home_front*> lives_in;
};

/// How a home begins: see src/pool/home.hpp, where its owners and invariants are. What is read by everybody who releases,
/// and written only when the owner changes, the pool closes, or somebody finds no event.
struct alignas(64) home_front {
  static constexpr std::uint32_t stock_limit = sync::stock_places;
  static constexpr std::uint64_t no_thread = ~std::uint64_t{0};  ///< not 0: that is any thread without a number yet

  sync::atomic<std::uint64_t> owner;             ///< whose releases may go into the stock
  sync::atomic<std::uint64_t> taker{no_thread};  ///< the owner as long as the pool is open: who may take from the stock
  sync::atomic<std::uint32_t> limit{stock_limit};  ///< of the stock; 0: somebody found no event, give all back

  constexpr explicit home_front(std::uint64_t initial_owner) noexcept : owner(initial_owner) {}

  [[nodiscard, gnu::always_inline]] inline event_front* take() noexcept;
  [[nodiscard, gnu::always_inline]] inline bool put_back(event_front&) noexcept;
};

/// A home's stock: its owner's alone. An array, since then the next event is known without a look into the last one's
/// line.
struct home_stock : home_front {
  alignas(64) sync::atomic<std::uint64_t> stocked{0};  ///< atomic for statistics alone; relaxed
  event_front* stock[stock_limit + 1];

  using home_front::home_front;
};

/// An event of the stock, for its owner; null: ask acquire_elsewhere().
inline event_front* home_front::take() noexcept {
  // Relaxed, here and below: a thread finds its own number only where itself has stored it.
  if (!sync::is_this_thread(taker.load(std::memory_order_relaxed))) [[unlikely]]
    return nullptr;
  auto& mine = static_cast<home_stock&>(*this);
  const std::uint64_t count = mine.stocked.load(std::memory_order_relaxed);
  std::uint64_t top = 0;
  if (__builtin_sub_overflow(count, std::uint64_t{1}, &top)) [[unlikely]]
    return nullptr;  // the carry tells that the stock is empty
  mine.stocked.store(top, std::memory_order_relaxed);
  event_front* const e = mine.stock[top];
  if (e == nullptr) __builtin_unreachable();  // so that callers need not look
  e->word.take();
  return e;
}

/// Releases an event into the stock, if both are its owner's and there is room. False: nothing has been done.
inline bool home_front::put_back(event_front& e) noexcept {
  if (!sync::is_this_thread(owner.load(std::memory_order_relaxed))) [[unlikely]]
    return false;
  auto& mine = static_cast<home_stock&>(*this);
  const word_value now = e.word.peek();
  word_value next{0};
  if (now.ends_its_uses(next)) [[unlikely]]
    return false;
  const std::uint64_t count = mine.stocked.load(std::memory_order_relaxed);
  if (!event_word::releasable(now) || count >= limit.load(std::memory_order_relaxed)) [[unlikely]]
    return false;
  e.word.retire(next);
  mine.stock[count] = &e;
  mine.stocked.store(count + 1, std::memory_order_relaxed);
  return true;
}

/// What an acquire found, in two registers.
struct acquired {
  event_front* event;  ///< null: why not is in error_of()
  int code;
  bool is_fault;  ///< the code is a chime::fault; else the system's
};
[[nodiscard]] CHIME_API std::error_code error_of(acquired) noexcept;

/// A release in every other case.
CHIME_API void release_elsewhere(event_front&) noexcept;

/// Inline even where the compiler finds a destructor too cold for it: the call would cost a third of the whole.
[[gnu::always_inline]] inline void release(event_front& e) noexcept {
  if (!e.lives_in.get()->put_back(e)) [[unlikely]]
    release_elsewhere(e);
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
