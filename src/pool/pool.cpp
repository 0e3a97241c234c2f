// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Acquire, release and growth.
#include "pool/pool.hpp"

#include <cerrno>
#include <thread>

#include "error/system.hpp"
#include "event/native.hpp"
#include "proactor/loop.hpp"
#include "sync/misuse.hpp"

namespace chime {
inline namespace v1 {
namespace detail {
namespace {

[[noreturn]] void refuse_release(phase p) noexcept {
  misuse(p == phase::free ? "an event was released twice" : "an event was released while its wait is in flight");
}

}  // namespace

std::error_code pool::check_open() const noexcept {
  // Acquire: pairs with the release in open(): a thread that finds the pool open sees all of it.
  if (state.load(std::memory_order_acquire) == door::open) return {};
  return make_error_code(fault::pool_closed);
}

page_header pool::common_header() noexcept {
  return {.pool = this,
          .loop = completes_on == nullptr ? nullptr : &completes_on->in,
          .natives = nullptr,
          .stale_signals = &stale_signals,
          .complete = complete,
          .first_index = 0};
}

result<cell*> pool::hand_over(cell& c) noexcept {
  if (native) {
    int error = 0;
    switch (prepare(*c.native(), kind, error)) {
      case readiness::ready:
        break;
      case readiness::in_flight:
        return nullptr;
      case readiness::failed:
        return std::unexpected(system_error(error));
    }
  }
  c.word.take();
  return &c;
}

result<cell*> pool::acquire() noexcept {
  if (const std::error_code closed = check_open()) return std::unexpected(closed);
  result<cell*> got = try_acquire();
  // Once if the last events were made just now; more often only if all that lie free are native and have a late signaller
  // at them, who needs a few instructions unless he was preempted.
  for (int tries = 0; tries < 64 && got.has_value() && *got == nullptr; ++tries) {
    std::this_thread::yield();
    got = try_acquire();
  }
  if (got.has_value() && *got == nullptr) return std::unexpected(make_error_code(fault::pool_exhausted));
  return got;
}

result<cell*> pool::try_acquire() noexcept {
  std::uint32_t aside = 0;  // free events that are not fit for use now, linked; none in user space
  std::uint32_t aside_last = 0;
  result<cell*> got = nullptr;
  std::error_code unfit;
  // Before the look at the lists: only if the maximum was reached by then does an empty look mean that all are held. Else
  // others may have made the last events, and given them back, between our look and our try to grow. Relaxed: `made`
  // only grows, so an older value costs one more try.
  const bool all_were_made = made.load(std::memory_order_relaxed) == maximum;
  for (;;) {
    const auto chain = take_free(1);
    if (chain.count == 0) break;
    cell& c = pages.at(chain.first);
    got = hand_over(c);
    if (got.has_value() && *got != nullptr) break;
    if (!got.has_value()) unfit = got.error();
    // Relaxed: the link is ours until give_free() publishes it.
    c.next.store(aside, std::memory_order_relaxed);
    if (aside == 0) aside_last = chain.first;
    aside = chain.first;
    got = nullptr;
  }
  const bool found = got.has_value() && *got != nullptr;
  if (!found) got = grow();
  if (aside != 0) give_free(aside, aside_last);
  const bool final = got.has_value() || got.error() != fault::pool_exhausted || (aside == 0 && all_were_made);
  if (final) return got;
  if (unfit) return std::unexpected(unfit);
  return nullptr;
}

/// The primitive and the page come first, then the number: a failure leaves no hole, and no lock is needed. Several
/// threads that grow at once may each make a page for the same place; one stays.
result<cell*> pool::grow() noexcept {
  primitive_handles handles;
  // Acquire and release on `made`: whoever walks the events up to it finds their pages.
  std::uint32_t number = made.load(std::memory_order_acquire);
  std::error_code failed;
  while (number < maximum) {
    page* p = pages.ensure(number / page::cells_per_page, common_header(), native, memory);
    if (p == nullptr) failed = system_error(ENOMEM);
    if (!failed && native && !handles.exists()) failed = system_error(make_primitive(kind, handles));
    if (failed) break;
    if (made.compare_exchange_weak(number, number + 1, std::memory_order_acq_rel, std::memory_order_acquire)) {
      cell& c = p->cells[number % page::cells_per_page];
      if (native) c.native()->handles = handles;
      c.word.take();
      return &c;
    }
  }
  close_primitive(handles);
  if (failed) return std::unexpected(failed);
  // Relaxed: a hint to the caches, which look at it at their next release.
  hungry.store(true, std::memory_order_relaxed);
  return std::unexpected(make_error_code(fault::pool_exhausted));
}

bool pool::retire(cell& c) noexcept {
  const word_value now = c.word.peek();
  if (!event_word::releasable(now)) refuse_release(now.phase());
#ifdef NDEBUG
  constexpr bool exact = false;
#else
  constexpr bool exact = true;  // also catches two releases that race
#endif
  if (exact || native) {
    if (!c.word.retire_exact()) refuse_release(c.word.peek().phase());
  } else {
    c.word.retire(now);
  }
  if (now.generation() + 1 < word_value::generation_limit) return true;
  // Release: pairs with the acquire in close(), which frees this event's page when everything has come back. The others
  // come back through the free lists, whose push releases; a retired event's only way back is this count.
  retired.fetch_add(1, std::memory_order_release);
  return false;
}

void pool::release(cell& c) noexcept {
  const std::uint32_t index = c.index();
  if (retire(c)) give_free(index, index);
}

void release(cell& c) noexcept { static_cast<pool*>(c.home().header.pool)->release(c); }

}  // namespace detail
}  // namespace v1
}  // namespace chime
