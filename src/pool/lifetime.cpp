// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Opening and closing a pool, and what goes through all of its events: cancel_all, trim, stats.
#include <cerrno>
#include <cstdint>
#include <thread>

#include "error/system.hpp"
#include "event/native.hpp"
#include "event/submit.hpp"
#include "memory/allocator.hpp"
#include "pool/home.hpp"
#include "proactor/loop.hpp"
#include "sync/misuse.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace {

/// Events taken at once where all are to be taken. Bounded, because a walk along links that others are changing is
/// right only when its swap succeeds, and may go in circles before that.
constexpr std::uint32_t at_once = 1024;

/// Releases of the polling thread that are published together, if the poll is not over before. Of what batches save,
/// the first sixteen bring nearly all.
constexpr std::uint32_t most_put_off = 16;

[[nodiscard]] std::error_code check(const pool_options& options, const result<allocator>& memory) noexcept {
  const std::size_t maximum = std::min(options.maximum_capacity, event_pool::capacity_limit);
  if (options.maximum_capacity < options.initial_capacity) return make_error_code(fault::capacity_below_initial);
  if (options.initial_capacity > maximum) return make_error_code(fault::capacity_too_large);
  if (options.maximum_capacity != SIZE_MAX && options.maximum_capacity > maximum)
    return make_error_code(fault::capacity_too_large);
  return memory ? std::error_code{} : memory.error();
}

/// Nobody signals any more by the caller's word; a native signaller may still be on its way out of the account, whose
/// memory is about to go. Acquire: pairs with its last step.
void wait_for_signallers(const native_state& native) noexcept {
  while (static_cast<std::uint32_t>(native.flight.load(std::memory_order_acquire)) != 0) std::this_thread::yield();
}

}  // namespace

std::error_code pool::open(loop* l, const pool_options& options, void (*completer)(cell&, std::error_code)) noexcept {
  // Acquire: pairs with the release of a close on another thread.
  if (state.load(std::memory_order_acquire) != door::never_opened) return make_error_code(fault::pool_already_open);
  if (const int no_memory = follow_forks(); no_memory != 0) return system_error(no_memory);
  if (l != nullptr) l->check_process();
  const result<allocator> checked_memory = checked(options.memory);
  if (const std::error_code wrong = check(options, checked_memory)) return wrong;
  memory = *checked_memory;
  completes_on = l;
  complete = completer;
  maximum = static_cast<std::uint32_t>(std::min(options.maximum_capacity, event_pool::capacity_limit));
  native = options.native;
  kind = options.kind;
  opened_in = {};
  // A pool that may make only a few events must not have an eighth of them invisible for the length of a callback.
  put_off_limit = std::min(most_put_off, maximum / 8);
  returns = {.run = publish_returned, .context = this};
  std::error_code failed;
  for (std::size_t i = 0; i < options.initial_capacity && !failed; ++i) {
    const result<cell*> c = grow();
    if (!c) {
      failed = c.error();
    } else if (retire(**c)) {
      give_free(**c);
    }
  }
  if (failed) {
    free_everything();
    return failed;
  }
  // Relaxed: only the count matters here; the closing side releases.
  if (l != nullptr) l->pools.fetch_add(1, std::memory_order_relaxed);
  state.store(door::open, std::memory_order_release);  // pairs with the acquire in check_open()
  return {};
}

std::size_t pool::close() noexcept {
  if (state.load(std::memory_order_relaxed) == door::never_opened) return 0;
  check_process();
  // Acquire, and a read-modify-write: pairs with home::let_take(), whose taker is overwritten here.
  (void)state.exchange(door::closing, std::memory_order_acquire);
  for (home* h = homes.load(std::memory_order_acquire); h != nullptr; h = h->next) {
    h->taker.store(home_front::no_thread, std::memory_order_relaxed);
  }
  if (is_polling_here()) completes_on->put_off.run_all();
  (void)sweep_homes();  // what somebody else is moving counts as out, and is met by the next call
  for (auto chain = take_free(at_once); chain.count != 0; chain = take_free(at_once)) collected += chain.count;
  // Acquire on both: everything that a growth or a release did before it was counted has happened.
  const std::size_t out = made.load(std::memory_order_acquire) - retired.load(std::memory_order_acquire) - collected;
  if (out != 0) return out;
  if (has_caches()) misuse("a pool was closed before one of its caches was destroyed");
  free_everything();
  // Release: pairs with the acquire in loop::in_use(): this pool is done with the loop.
  if (completes_on != nullptr) completes_on->pools.fetch_sub(1, std::memory_order_release);
  state.store(door::never_opened, std::memory_order_release);
  return 0;
}

std::size_t pool::close_after_releases() noexcept {
  std::size_t out = close();
  while (out != 0 && stats().held == 0 && !has_caches()) {
    std::this_thread::yield();
    out = close();
  }
  return out;
}

bool pool::has_caches() const noexcept {
  for (const home* h = homes.load(std::memory_order_acquire); h != nullptr; h = h->next) {
    if (h->has_cache()) return true;
  }
  return false;
}

void pool::free_everything() noexcept {
  const std::uint32_t count = made.load(std::memory_order_relaxed);
  for (std::uint32_t index = 1; native && index <= count; ++index) {
    native_state& state_of_event = *pages.at(index).native();
    wait_for_signallers(state_of_event);
    close_primitive(state_of_event.handles);
  }
  while (take_free(at_once).count != 0) {
  }
  // Relaxed: the caller is alone.
  for (home* h = homes.exchange(nullptr, std::memory_order_relaxed); h != nullptr;) {
    home* const after = h->next;
    dispose(memory, h);
    h = after;
  }
  pages.free_all(memory);
  // Relaxed: the caller is alone; the store of `state` that follows publishes.
  made.store(0, std::memory_order_relaxed);
  retired.store(0, std::memory_order_relaxed);
  hungry.store(false, std::memory_order_relaxed);
  stale_signals.store(0, std::memory_order_relaxed);
  collected = 0;
}

void pool::cancel_all() noexcept {
  const std::uint32_t count = made.load(std::memory_order_acquire);
  for (std::uint32_t index = 1; index <= count; ++index) {
    cell& c = pages.at(index);
    (void)cancel(c, c.word.peek().generation());  // false: it does not wait, or its outcome stands
  }
}

/// One event in hand at a time, so that acquirers find all the others. What is trimmed goes onto the return stack, on
/// top of what lies there, and is met once more after the roles have flipped: hence twice the number of events.
void pool::trim() noexcept {
  if (!native) return;
  cell_links links{pages};
  free.empty_pockets(links);
  for (std::uint64_t left = std::uint64_t{2} * made.load(std::memory_order_acquire); left != 0; --left) {
    const auto chain = take_free(1);
    if (chain.count == 0) return;
    native_state& state_of_event = *pages.at(chain.first).native();
    // Acquire: as in prepare(): a descriptor is never closed while a ticket's write is under way.
    const std::uint64_t flight = state_of_event.flight.load(std::memory_order_acquire);
    if (static_cast<std::uint32_t>(flight) == 0) close_primitive(state_of_event.handles);
    give_free(pages.at(chain.first));
  }
}

pool_stats pool::stats() noexcept {
  pool_stats s{};
  s.made = made.load(std::memory_order_acquire);
  s.retired = retired.load(std::memory_order_relaxed);
  s.stale_signals = stale_signals.load(std::memory_order_relaxed);
  std::size_t unheld = 0;
  for (std::uint32_t index = 1; index <= s.made; ++index) {
    if (pages.at(index).word.peek().phase() == phase::free) ++unheld;
  }
  s.held = s.made - unheld;
  for (const home* h = homes.load(std::memory_order_acquire); h != nullptr; h = h->next) {
    if (h->has_cache()) s.cached += h->stocked.load(std::memory_order_relaxed) + h->ring.size();
  }
  // While others work, the parts are read at different moments: never below zero all the same.
  const std::size_t elsewhere = s.cached + s.retired;
  s.free = unheld > elsewhere ? unheld - elsewhere : 0;
  return s;
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
