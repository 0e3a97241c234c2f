// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Acquire, release and growth.
#include "pool/pool.hpp"

#include <cerrno>
#include <thread>

#include "error/system.hpp"
#include "event/native.hpp"
#include "pool/home.hpp"
#include "proactor/loop.hpp"
#include "sync/misuse.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace {

/// Yields before an acquire gives up on a thread that it must wait for.
constexpr int most_waits = 64;

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
  if (serves_plain_events()) {
    // What this thread released itself, on a line that it shares with few others.
    if (event_front* const e = free.pop_from_pocket(); e != nullptr) {
      e->word.take();
      return static_cast<cell*>(e);
    }
  } else if (const std::error_code closed = check_open()) {
    return std::unexpected(closed);
  }
  result<cell*> got = look_patiently();
  if (!got.has_value() && got.error() == fault::pool_exhausted) tell_hunger();
  return got;
}

/// A look that others disturbed is repeated at once: each time somebody has got on, or we have moved what lay in a home. One that
/// must wait for a thread that empties a home, or is inside a late signal, is repeated a few times: that thread needs a few
/// instructions, unless it was preempted, and then perhaps for long.
result<cell*> pool::look_patiently() noexcept {
  for (int waits = 0; waits <= most_waits;) {
    bool must_wait = false;
    result<cell*> got = try_acquire(must_wait);
    if (!got.has_value() || *got != nullptr) return got;
    if (!must_wait) continue;
    ++waits;
    std::this_thread::yield();
  }
  return std::unexpected(make_error_code(fault::pool_exhausted));
}

/// One from the shared side that is fit for use. Null and no error: there is none.
result<cell*> pool::take_fit(free_lists<cell_links>::emptiness& seen, bool& had_unfit) noexcept {
  std::uint32_t aside = 0;  // free events that are not fit for use now, linked; none in user space
  cell* aside_last = nullptr;
  result<cell*> got = nullptr;
  std::error_code failed;
  for (;;) {
    const auto chain = take_free(1, seen);
    if (chain.count == 0) break;
    cell& c = pages.at(chain.first);
    got = hand_over(c);
    if (got.has_value() && *got != nullptr) break;
    if (!got.has_value()) failed = got.error();
    // Relaxed: the link is ours until give_free() publishes it.
    c.next.store(aside, std::memory_order_relaxed);
    if (aside == 0) aside_last = &c;
    aside = chain.first;
    got = nullptr;
  }
  had_unfit = aside != 0;
  if (had_unfit) give_free(aside, *aside_last);
  if (failed && *got == nullptr) return std::unexpected(failed);
  return got;
}

result<cell*> pool::try_acquire(bool& must_wait) noexcept {
  check_process();
  // Before the look at the lists: only if the maximum was reached by then does an empty look mean that all are held. Else
  // others may have made the last events, and given them back, between our look and our try to grow. Acquire: pairs with
  // grow(): whoever knows that the last event was made sees at the homes, below, what its maker had seen there before.
  const bool all_were_made = made.load(std::memory_order_acquire) == maximum;
  free_lists<cell_links>::emptiness seen;
  bool had_unfit = false;
  result<cell*> found = take_fit(seen, had_unfit);
  if (found.has_value() && *found == nullptr && is_polling_here()) {
    completes_on->put_off.run_all();
    found = take_fit(seen, had_unfit);
  }
  if (found.has_value() && *found != nullptr) return found;
  const swept stray = sweep_homes();
  switch (stray) {
    case swept::none:
      break;
    case swept::some:
      return take_fit(seen, had_unfit);  // null if others were faster
    case swept::busy:
      break;
  }
  result<cell*> made_now = grow();
  if (made_now.has_value() || made_now.error() != fault::pool_exhausted) return made_now;
  if (!found.has_value()) return found;
  // At the first home's turn nothing was free: the lists were empty from the look to here, and what lay in a home that nobody
  // has was still there at that home's turn, since whoever moves it pushes it into the lists.
  must_wait = stray == swept::busy || had_unfit;
  if (must_wait || !all_were_made || !free.still_none(seen)) return nullptr;
  return made_now;
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
      c.lives_in.set(&shared);
      c.word.take();
      return &c;
    }
  }
  close_primitive(handles);
  if (failed) return std::unexpected(failed);
  return std::unexpected(make_error_code(fault::pool_exhausted));
}

void pool::refuse_release(phase p) noexcept {
  misuse(p == phase::free ? "an event was released twice" : "an event was released while its wait is in flight");
}

void pool::count_retired() noexcept {
  // Release: pairs with the acquire in close(), which frees this event's page when everything has come back. The others
  // come back through the free lists, whose push releases; a retired event's only way back is this count.
  retired.fetch_add(1, std::memory_order_release);
}

bool pool::is_polling_here() const noexcept { return completes_on != nullptr && completes_on->is_polling_here(); }

void pool::release(cell& c) noexcept {
  if (!retire(c)) return;
  if (is_polling_here()) return put_off(c);
  c.lives_in.set(&shared);
  cell_links links{pages};
  free.push(links, c);
}

void pool::put_off(cell& c) noexcept {
  deferral_list& list = completes_on->put_off;
  // Relaxed: a hint; who sets it tries again.
  const bool at_once = hungry.load(std::memory_order_relaxed);
  if (home* const h = home::of_event(c); h != nullptr && !at_once && h->send_back(c)) {
    list.add(h->returns);
    if (h->ring.unpublished() >= put_off_limit) list.run(h->returns);
    return;
  }
  c.lives_in.set(&shared);
  const std::uint32_t index = c.index();
  // Relaxed: the chain is the polling thread's until publish_returned() releases it.
  if (returned_count == 0) {
    returned_first = index;
  } else {
    returned_last->next.store(index, std::memory_order_relaxed);
  }
  returned_last = &c;
  ++returned_count;
  list.add(returns);
  if (at_once) hungry.store(false, std::memory_order_relaxed);
  if (at_once) {
    list.run_all();
  } else if (returned_count >= put_off_limit) {
    list.run(returns);
  }
}

void pool::publish_returned(void* self) noexcept {
  auto& p = *static_cast<pool*>(self);
  p.returned_count = 0;
  p.give_free(p.returned_first, *p.returned_last);
}

void release_elsewhere(event_front& e) noexcept {
  auto& c = static_cast<cell&>(e);
  if (home* const h = home::of_event(c); h != nullptr && h->is_used_here()) return h->keep(c);
  static_cast<pool*>(c.its_page().header.pool)->release(c);
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
