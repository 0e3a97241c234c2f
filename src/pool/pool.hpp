// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The pool's state, embedded in event_pool. Any thread acquires and releases; open and close are serialised by the
/// caller.
///
/// Invariants:
/// 1. made = free + cached + held + retired, where free counts the two lists, cached the stocks of the caches, retired
/// the
///    events at the end of their generations. Counted by stats() and close(), kept by nobody on the hot path.
/// 2. Events 1 ... made have a page (and a primitive, if native, unless it was trimmed); no others are ever handed out.
/// 3. An event in a list or stock is free by its word, and nobody holds it.
/// 4. A push into the free lists is the last touch of the pool by a release, so a pool whose events have all come back
/// can
///    be freed.
///
/// Cache lines (P7): releases and acquires each have the line of the stack that they use; everything read on both paths
/// lies on lines that are written only by open, close and growth.
#pragma once

#include <mutex>

#include "event/cell.hpp"
#include "pool/free_lists.hpp"
#include "pool/page_directory.hpp"

namespace chime {
inline namespace v1 {
namespace detail {

struct cache;
struct loop;

/// Maps indices to links for the free lists.
struct cell_links {
  page_directory& pages;
  [[nodiscard]] sync::atomic<std::uintptr_t>* find(std::uint32_t index) const noexcept {
    cell* c = pages.find(index);
    return c == nullptr ? nullptr : &c->next;
  }
};

enum class door : unsigned char { never_opened, open, closing };

struct pool {
  // Written by open and close, read by all.
  page_directory pages;
  allocator memory;
  loop* completes_on = nullptr;
  void (*complete)(cell&, std::error_code) = nullptr;
  std::uint32_t maximum = 0;
  bool native = false;
  primitive kind = primitive::automatic;
  sync::atomic<door> state{door::never_opened};

  free_lists<cell_links> free;

  alignas(64) sync::atomic<std::uint32_t> made{0};
  sync::atomic<std::uint32_t> retired{0};
  sync::atomic<bool> hungry{false};  ///< somebody has found no event at the maximum: caches shall give back their stock
  std::size_t collected = 0;         ///< close(): events that have come back
  alignas(64) sync::atomic<std::uint64_t> stale_signals{0};
  std::mutex caches_lock;  ///< caches come and go, and stats() visits them: never on a hot path
  cache* caches = nullptr;

  [[nodiscard]] std::error_code open(loop*, const pool_options&, void (*complete)(cell&, std::error_code)) noexcept;
  [[nodiscard]] result<cell*> acquire() noexcept;
  void release(cell&) noexcept;
  [[nodiscard]] std::size_t close() noexcept;
  void cancel_all() noexcept;
  void trim() noexcept;
  [[nodiscard]] pool_stats stats() noexcept;

  // Parts that the caches use too.
  /// pool_closed, or nothing.
  [[nodiscard]] std::error_code check_open() const noexcept;
  /// free -> the next use, checked. False: the event has served all its uses and is retired.
  [[nodiscard]] bool retire(cell&) noexcept;
  /// Up to `most` free events, and then `count` of them from `first` on, by their links.
  [[nodiscard]] tagged_stack<cell_links>::chain take_free(std::uint32_t most) noexcept {
    cell_links links{pages};
    return free.pop(links, most);
  }
  void give_free(std::uint32_t first, std::uint32_t last) noexcept {
    cell_links links{pages};
    free.push(links, first, last);
  }
  /// Makes one more event, outside every lock. Errors: pool_exhausted, or the system's code.
  [[nodiscard]] result<cell*> grow() noexcept;
  /// A free event in hand becomes the caller's. Null and no error: a late signaller is still at it; try another.
  [[nodiscard]] result<cell*> hand_over(cell&) noexcept;

 private:
  /// Null and no error: try again. All that lie free have a late signaller at them, or the lists were looked at too early.
  [[nodiscard]] result<cell*> try_acquire() noexcept;
  [[nodiscard]] page_header common_header() noexcept;
  [[nodiscard]] bool has_caches() noexcept;
  void free_everything() noexcept;
};

}  // namespace detail
}  // namespace v1
}  // namespace chime
