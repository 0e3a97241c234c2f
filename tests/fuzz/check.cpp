// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The model: what the library may answer, and what must have completed by when.
#include <poll.h>

#include <algorithm>

#include "session.hpp"
#include "trace.hpp"

namespace fuzz {
namespace {

/// Polls in which the kernel's part may stay away although nothing hinders it: while completions flow, a loop looks only
/// now and then where looking costs a system call.
constexpr unsigned kernel_patience = 100;

}  // namespace

void session::expect(const char* what, answer got, answer precise) const {
  const answer wanted = face_->as_told(precise);
  if (got != wanted) trace::fail_with(what, name_of(got), name_of(wanted));
}

bool session::short_of_anything(std::size_t before) const noexcept {
  return shortages() != before || env_.descriptors.is_tight();
}

bool session::is_shortage(answer got, std::size_t before) const noexcept {
  return (got == answer::no_memory || got == answer::no_descriptors) && short_of_anything(before);
}

// --- What may happen unseen

void session::open_up_common(thing& t) const noexcept {
  if (t.kernel_has_part && short_of_anything(t.shortages)) t.is.perhaps(stage::pending, stage::failed);
}

void session::open_up(event_thing& e) const noexcept {
  open_up_common(e);
  if (e.deadline_has_passed()) e.is.perhaps(stage::pending, stage::expired);
  if (e.foreign.is_in || e.foreign.may_be_in) {
    e.is.perhaps(stage::pending, stage::success);
    e.is.perhaps(stage::cancelled, stage::cancelled_and_signal);
    e.is.perhaps(stage::expired, stage::expired_and_signal);
    e.is.perhaps(stage::failed, stage::failed_and_signal);
  }
}

void session::open_up(operation_thing& op) const noexcept {
  open_up_common(op);
  const bool due = op.kind == kind::post || (op.kind == kind::timer && op.deadline_has_passed()) || op.was_ready;
  if (due) op.is.perhaps(stage::pending, stage::success);
  if (op.bad_handle) op.is.perhaps(stage::pending, stage::failed);
}

bool session::is_ready(const operation_thing& op) const noexcept {
  if (op.kind != kind::watch || op.bad_handle) return false;
  if (op.channel < 0 || op.writable) return true;
  const auto& watched = channels_[static_cast<unsigned>(op.channel)];
  return watched && watched->is_readable();
}

void session::note_readiness() noexcept {
  for (operation_thing& op : operations_) {
    if (op.in_flight && is_ready(op)) op.was_ready = true;
  }
}

// --- What must come

bool session::must_come(const event_thing& e) const noexcept {
  return e.in_flight && (!e.is.may_be(stage::pending) || e.deadline_has_passed() || e.foreign.is_in);
}

bool session::must_come(const operation_thing& op) const noexcept {
  if (!op.in_flight) return false;
  if (!op.is.may_be(stage::pending) || op.kind == kind::post) return true;
  return op.kind == kind::timer ? op.deadline_has_passed() : op.bad_handle || is_ready(op);
}

bool session::something_must_come() const noexcept {
  const auto must = [this](const auto& t) { return must_come(t); };
  return std::ranges::any_of(events_, must) || std::ranges::any_of(operations_, must);
}

void session::before_poll() noexcept {
  ran_ = 0;
  const auto note = [this](auto& t) {
    t.certain_before = must_come(t);
    t.decided_before = t.in_flight && !t.is.may_be(stage::pending);
  };
  std::ranges::for_each(events_, note);
  std::ranges::for_each(operations_, note);
}

/// A poll that was not full has run everything that had its outcome before. What is due takes one poll to get into the
/// loop and comes in the next. Only the kernel may take longer.
void session::must_have_come(thing& t, bool quiet, const char* what, int place) const {
  if (!t.in_flight || !t.certain_before || !quiet) return;
  ++t.polls_since;
  const unsigned patience = t.kernel_has_part ? kernel_patience : (t.decided_before ? 1 : 2);
  if (t.polls_since >= patience) trace::fail(what, place, static_cast<int>(t.polls_since));
}

void session::after_poll(std::size_t ran) {
  if (ran != ran_)
    trace::fail("poll says that it ran %d completions, and ran %d", static_cast<int>(ran), static_cast<int>(ran_));
  if (ran > loop_.batch)
    trace::fail("poll ran %d completions, with a batch of %d", static_cast<int>(ran), static_cast<int>(loop_.batch));
  // Due deadlines get half of the batch; what did not fill it has left nothing over.
  const bool quiet = ran < loop_.batch - loop_.batch / 2;
  for (int i = 0; i < event_places; ++i) {
    event_thing& e = events_[static_cast<unsigned>(i)];
    must_have_come(e, quiet, "event %d should have completed: it was sure to for %d polls", i);
    if (e.in_flight && e.kernel_has_part) open_up(e);
  }
  for (int i = 0; i < operation_places; ++i) {
    operation_thing& op = operations_[static_cast<unsigned>(i)];
    must_have_come(op, quiet, "operation %d should have completed: it was sure to for %d polls", i);
    if (op.in_flight && op.kernel_has_part) open_up(op);
  }
}

// --- Completions

void session::check_completion(thing& t, answer got, const char* what, int place) const {
  trace::note(what, place, static_cast<int>(got));
  if (!polling_) trace::fail("a completion ran outside of poll");
  if (!t.in_flight) trace::fail("%d completed, and was not in flight", place);
  const bool may_fail = is_shortage(got, t.shortages) || got == answer::bad_handle || got <= answer::timed_out;
  if (!may_fail) trace::fail_with("a completion", name_of(got), "ok, cancelled, timed out, or what the kernel lacks");
  if (!t.is.complete(got)) trace::fail_with("a completion", name_of(got), "any other outcome than this");
  t.in_flight = false;
}

// --- The pool

pool_numbers session::check_numbers(int pool) {
  pool_thing& p = pools_[static_cast<unsigned>(pool)];
  const pool_numbers now = face_->numbers(pool);
  if (now.made != now.free + now.cached + now.held + now.retired)
    trace::fail("pool %d: made is not what the parts make", pool);
  if (now.held != p.held) {
    trace::fail("pool %d says that %d are held, and %d are", pool, static_cast<int>(now.held),
                static_cast<int>(p.held));
  }
  if (now.made < p.made || now.made > p.wish.maximum || now.retired != 0)
    trace::fail("pool %d made %d events", pool, static_cast<int>(now.made));
  if (now.stale != p.stale) {
    trace::fail("pool %d counts %d stale signals, and there were %d", pool, static_cast<int>(now.stale),
                static_cast<int>(p.stale));
  }
  p.made = now.made;
  return now;
}

/// A free event wins over a new one, and a new one over "exhausted". Caches keep what others cannot get, and so does a
/// poll that is under way.
void session::check_acquire(int pool, int cache, answer got, const pool_numbers& before, std::size_t shortages_before) {
  pool_thing& p = pools_[static_cast<unsigned>(pool)];
  if (p.state != pool_thing::door::open) return expect("acquire", got, answer::pool_closed);
  if (got == answer::ok) ++p.held;
  const pool_numbers after = check_numbers(pool);
  const std::size_t grown = after.made - before.made;
  const int caches = caches_of(pool);
  const bool may_have = polling_ && caches != 0 ? false : before.free != 0;
  const bool own_cache_has = cache >= 0 && caches == 1 && before.cached != 0;
  const bool may_grow = before.made < p.wish.maximum;
  if (got == answer::ok) {
    if (grown > 1) trace::fail("one acquire made %d events", static_cast<int>(grown));
    const bool all_usable = !(p.wish.native && short_of_anything(shortages_before));
    if (grown == 1 && all_usable && (may_have || own_cache_has))
      trace::fail("pool %d made an event although one was free", pool);
    return;
  }
  if (is_shortage(got, shortages_before)) return;
  const bool short_now = short_of_anything(shortages_before);
  if ((may_have || own_cache_has || may_grow) && !short_now)
    trace::fail_with("acquire", name_of(got), name_of(answer::ok));
  expect("acquire", got, answer::pool_exhausted);
}

void session::check_completions() {
  const std::uint64_t told = face_->completions();
  if (told != loop_.completions) {
    trace::fail("the loop counts %d completions, and ran %d", static_cast<int>(told),
                static_cast<int>(loop_.completions));
  }
}

/// The handle is readable while the event is signalled.
void session::check_readable(int event) const {
  const event_thing& e = events_[static_cast<unsigned>(event)];
  if (!e.held || !e.foreign.given_out || e.foreign.reader < 0) return;
  pollfd look{static_cast<int>(e.foreign.reader), POLLIN, 0};
  const bool readable = ::poll(&look, 1, 0) == 1;
  if ((look.revents & POLLNVAL) != 0) trace::fail("event %d: its handle is closed", event);
  const bool has_signal = e.is.must_be(stage::signal_in) || e.foreign.is_in;
  const bool has_none = e.is.must_be(stage::idle) && !e.foreign.is_in && !e.foreign.may_be_in;
  if (has_signal && !readable) trace::fail("event %d is signalled, and its handle not readable", event);
  if (has_none && readable) trace::fail("event %d is not signalled, and its handle readable", event);
}

// --- Looking things up

bool session::is_current(const ticket_thing& t) const noexcept {
  if (t.event < 0) return false;
  const event_thing& e = events_[static_cast<unsigned>(t.event)];
  return e.is_out() && e.use == t.use;
}

int session::operations_in_flight() const noexcept {
  return static_cast<int>(std::ranges::count_if(operations_, [](const thing& t) { return t.in_flight; }));
}

bool session::nothing_in_flight() const noexcept {
  return operations_in_flight() == 0 && std::ranges::none_of(events_, [](const thing& t) { return t.in_flight; });
}

int session::caches_of(int pool) const noexcept {
  return static_cast<int>(
      std::ranges::count_if(caches_, [&](const cache_thing& c) { return c.exists && c.pool == pool; }));
}

}  // namespace fuzz
