// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Each call of the library, with what it means for the model. A call that the library calls misuse is not made: the
/// callers see to it.
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "session.hpp"
#include "trace.hpp"

namespace fuzz {

// --- The loop

void session::open_loop() {
  if (loop_.open && !face_->is_cpp()) return;  // a second one, in C
  loop_wish wish{backend_, 16, false};
  answer precise = answer::ok;
  switch (in_.below(8)) {
    case 1:
      wish.backend = "kqueue";
      precise = answer::unknown_backend;
      break;
    case 2:
      wish.backend = "epoll:fast";
      precise = answer::unknown_backend_option;
      break;
    case 3:
      wish.half_allocator = true;
      precise = answer::allocator_incomplete;
      break;
    case 4:
      if (!face_->is_cpp()) break;  // 0 means the default in C
      wish.batch = 0;
      precise = answer::batch_zero;
      break;
    default:
      wish.batch = 1 + in_.below(40);
      if (wish.batch > 32) wish.batch = 256;
  }
  if (loop_.open) precise = answer::loop_already_open;
  const std::size_t shortages_before = shortages();
  const answer got = face_->open_loop(wish);
  trace::note("open the loop, batch %d: %d", static_cast<int>(wish.batch), static_cast<int>(got));
  if (!loop_.open && is_shortage(got, shortages_before)) return;  // which of two causes is told first is open
  expect("opening a loop", got, precise);
  if (got != answer::ok) return;
  loop_ = {.open = true, .batch = wish.batch};
}

void session::close_loop() {
  trace::note("close the loop");
  answer precise = answer::ok;
  if (std::ranges::any_of(pools_,
                          [](const pool_thing& p) { return p.state != pool_thing::door::closed && p.wish.has_loop; }))
    precise = answer::pools_open;
  else if (operations_in_flight() != 0)
    precise = answer::operations_in_flight;
  if (polling_) precise = answer::polling;
  if (!loop_.open) precise = answer::loop_closed;
  const answer got = face_->close_loop();
  expect("closing a loop", got, precise);
  if (got == answer::ok) loop_ = {};
}

void session::poll_once(bool without_end) {
  trace::note(without_end ? "poll without end" : "poll");
  std::size_t ran = 0;
  if (!loop_.open || polling_) {
    const answer got = face_->poll(without_end ? -1 : 0, ran);
    return expect("poll", got, loop_.open ? answer::polling : answer::loop_closed);
  }
  const bool may_be_early = loop_.wake_may_be;
  woken_in_poll_ = false;
  before_poll();
  polling_ = true;
  const answer got = face_->poll(without_end ? -1 : 0, ran);
  polling_ = false;
  // ppoll(2) refuses more handles than the process may have. A poll that ran completions leaves that to the next one to tell.
  const bool may_fail = env_.descriptors.is_tight() && std::string_view(backend_) == "poll";
  const bool may_tell = std::exchange(loop_.failure_may_be, may_fail && got == answer::ok);
  loop_.wake_is_sure = false;
  if (got == answer::invalid && (may_fail || may_tell)) return;  // a wake that was due may be so still
  loop_.wake_may_be = woken_in_poll_;
  expect("poll", got, answer::ok);
  after_poll(ran);
  check_completions();
  if (without_end && ran == 0 && !may_be_early) trace::fail("a poll without end returned, and nothing had come");
}

/// Only with a stop that has come before: else it would not return.
void session::run_loop() {
  if (loop_.open && !loop_.stop_pending) {
    face_->stop();
    loop_.stop_pending = true;
    loop_.wake_may_be = loop_.wake_is_sure = woken_in_poll_ = true;
  }
  trace::note("run");
  expect("run", face_->run(), loop_.open ? answer::ok : answer::loop_closed);
  loop_.stop_pending = false;
}

// --- Operations

void session::begin_operation(int operation, kind what, when deadline) {
  operation_thing& op = operations_[static_cast<unsigned>(operation)];
  op = {};
  op.kind = what;
  (void)op.is.submit();
  op.begin(what == kind::watch, deadline, shortages());
}

void session::cancel_operation(int operation) {
  operation_thing& op = operations_[static_cast<unsigned>(operation)];
  if (op.in_flight && op.kernel_has_part) open_up(op);
  const bool told = face_->cancel_operation(operation);
  trace::note("cancel operation %d: %d", operation, told ? 1 : 0);
  if (!op.in_flight) {
    if (told) trace::fail("operation %d was cancelled, and is not in flight", operation);
  } else if (!op.is.cancel(told)) {
    trace::fail("operation %d: cancel says %d", operation, told ? 1 : 0);
  }
}

void session::operation_done(int operation, answer got) {
  operation_thing& op = operations_[static_cast<unsigned>(operation)];
  if (is_ready(op)) op.was_ready = true;
  open_up(op);
  if (got == (op.bad_handle ? answer::ok : answer::bad_handle))
    trace::fail_with("a watch", name_of(got), op.bad_handle ? "bad handle" : "not that");
  check_completion(op, got, "operation %d completes: %d", operation);
  ++loop_.completions;
  ++ran_;
  if (op.stops_the_loop) face_->stop();
  if (op.stops_the_loop) loop_.stop_pending = woken_in_poll_ = true;
  if (!winding_up_) run_callback_script(-1);
}

// --- Pools and caches

void session::open_pool(int pool) {
  pool_thing& p = pools_[static_cast<unsigned>(pool)];
  pool_wish wish{.initial = in_.below(80),
                 .maximum = SIZE_MAX,
                 .native = false,
                 .pipe = false,
                 .has_loop = true,
                 .half_allocator = false};
  const unsigned shape = in_.byte();
  wish.native = (shape & 1U) != 0;
  wish.pipe = (shape & 2U) != 0;
  if (face_->is_cpp()) wish.has_loop = (shape & 12U) != 12;
  if (wish.native) wish.initial %= 8;
  if ((shape & 16U) != 0) wish.maximum = wish.initial + 1 + in_.below(200);
  answer precise = answer::ok;
  switch (in_.below(16)) {
    case 1:
      wish.maximum = wish.initial;
      ++wish.initial;
      precise =
          wish.maximum != 0 || face_->is_cpp() ? answer::capacity_below_initial : answer::ok;  // 0: the default in C
      break;
    case 2:
      wish.maximum = 16'000'001;
      precise = answer::capacity_too_large;
      break;
    case 3:
      wish.half_allocator = true;
      precise = answer::allocator_incomplete;
      break;
    default:
      break;
  }
  if (p.state != pool_thing::door::closed) precise = answer::pool_already_open;
  if (wish.has_loop && !loop_.open) precise = answer::loop_closed;
  if (!wish.has_loop && wish.native) precise = answer::native_only_in_loop;
  const std::size_t shortages_before = shortages();
  const answer got = face_->open_pool(pool, wish);
  trace::note("open pool %d, shape %d: %d", pool, static_cast<int>(shape), static_cast<int>(got));
  if (precise == answer::ok && is_shortage(got, shortages_before)) return;
  expect("opening a pool", got, precise);
  if (got != answer::ok) return;
  if (wish.maximum > 16'000'000 || wish.maximum == 0) wish.maximum = 16'000'000;
  p = {.state = pool_thing::door::open, .wish = wish, .made = wish.initial, .held = 0, .stale = 0};
  if (check_numbers(pool).made != wish.initial)
    trace::fail("pool %d was not opened with as many events as asked for", pool);
}

/// The call that would free everything is made only without caches.
void session::close_pool(int pool) {
  pool_thing& p = pools_[static_cast<unsigned>(pool)];
  if (p.state == pool_thing::door::closed) {
    if (face_->close_pool(pool) != 0) trace::fail("pool %d is not open, and has events out", pool);
    return;
  }
  const std::size_t wanted = p.held + check_numbers(pool).cached;
  if (wanted == 0 && caches_of(pool) != 0) return;
  const std::size_t out = face_->close_pool(pool);
  trace::note("close pool %d: %d out", pool, static_cast<int>(out));
  // In a callback the events of caches are counted where they will be after the poll.
  const bool exact = !polling_ || caches_of(pool) == 0;
  if (exact ? out != wanted : (out < p.held || (out == 0) != (wanted == 0))) {
    trace::fail("closing pool %d says that %d events are out, and %d are", pool, static_cast<int>(out),
                static_cast<int>(wanted));
  }
  p.state = pool_thing::door::closing;
  if (out != 0) return;
  p = {};
  for (int t = 0; t < ticket_places; ++t) {
    ticket_thing& ticket = tickets_[static_cast<unsigned>(t)];
    if (ticket.event < 0 || ticket.pool != pool) continue;
    face_->drop_ticket(t);
    ticket = {};
  }
}

void session::cancel_all(int pool) {
  trace::note("cancel all of pool %d", pool);
  for (event_thing& e : events_) {
    if (!e.in_flight || e.pool != pool) continue;
    if (e.kernel_has_part) open_up(e);
    e.is.cancel_silently();
  }
  face_->cancel_all(pool);
}

void session::make_cache(int cache, int pool) {
  trace::note("make cache %d of pool %d", cache, pool);
  face_->make_cache(cache, pool);
  caches_[static_cast<unsigned>(cache)] = {.exists = true, .pool = pool};
}

void session::drop_cache(int cache) {
  trace::note("drop cache %d", cache);
  face_->drop_cache(cache);
  caches_[static_cast<unsigned>(cache)].exists = false;
}

// --- Events

int session::acquire(int pool, int cache) {
  pool_thing& p = pools_[static_cast<unsigned>(pool)];
  const auto place = std::ranges::find_if(events_, [](const event_thing& e) { return !e.is_out(); });
  if (place == events_.end()) return -1;
  const int event = static_cast<int>(place - events_.begin());
  const std::size_t shortages_before = shortages();
  const pool_numbers before = p.state == pool_thing::door::closed ? pool_numbers{} : check_numbers(pool);
  const answer got = face_->acquire(event, pool, cache);
  trace::note("acquire event %d from cache %d: %d", event, cache, static_cast<int>(got));
  check_acquire(pool, cache, got, before, shortages_before);
  if (got != answer::ok) return -1;
  *place = {};
  place->held = true;
  place->pool = pool;
  place->use = ++uses_;
  place->native = p.wish.native;
  tickets_[static_cast<unsigned>(event)] = {.event = event, .use = place->use, .pool = pool};
  return event;
}

void session::release(int event, release_by how, int cache) {
  trace::note("release event %d, %d, cache %d", event, static_cast<int>(how), cache);
  event_thing& e = events_[static_cast<unsigned>(event)];
  keep_ticket(event);  // for the next use of its place, which it must not touch
  face_->release(event, how, cache);
  e.held = false;
  --pools_[static_cast<unsigned>(e.pool)].held;
}

void session::submit(int event, when deadline) {
  trace::note("submit event %d, deadline %d", event, static_cast<int>(deadline));
  event_thing& e = events_[static_cast<unsigned>(event)];
  if (!e.is.submit()) trace::fail("the fuzzer submits event %d in the wrong moment", event);
  e.held = false;
  e.begin(e.native, deadline, shortages());
  face_->submit(event, deadline);
}

void session::block(int event) {
  event_thing& e = events_[static_cast<unsigned>(event)];
  const answer got = face_->block(event, when::past);
  trace::note("block on event %d: %d", event, static_cast<int>(got));
  if (e.native) return expect("blocking on a native event", got, answer::native_only_in_loop);
  if (!e.is.block(got)) trace::fail_with("blocking", name_of(got), "ok with a signal, timed out without");
}

void session::event_done(int event, answer got) {
  event_thing& e = events_[static_cast<unsigned>(event)];
  open_up(e);
  if (got == answer::bad_handle) trace::fail("event %d completes with a bad handle", event);
  check_completion(e, got, "event %d completes: %d", event);
  e.held = true;
  if (got == answer::ok) {
    e.foreign.is_in = false;
    e.foreign.may_be_in = e.foreign.given_out && e.foreign.writes > 1;
    e.foreign.writes = 0;
  }
  ++loop_.completions;
  ++ran_;
  check_readable(event);
  if (!winding_up_) run_callback_script(event);
}

// --- Native handles

void session::give_out(int event, bool to_write) {
  event_thing& e = events_[static_cast<unsigned>(event)];
  std::intptr_t handle = -1;
  const answer got = face_->native(event, to_write, handle);
  trace::note("handle of event %d, to write %d: %d", event, to_write ? 1 : 0, static_cast<int>(got));
  expect("asking for a handle", got, e.native ? answer::ok : answer::not_native);
  if (!e.native) return;
  (to_write ? e.foreign.writer : e.foreign.reader) = handle;
  e.foreign.given_out = true;
  e.foreign.over = false;
  if (e.foreign.writes > 1) e.foreign.may_be_in = true;
  check_readable(event);
}

void session::write_foreign(int event, unsigned times) {
  event_thing& e = events_[static_cast<unsigned>(event)];
  const bool pipe = pools_[static_cast<unsigned>(e.pool)].wish.pipe;
  trace::note("foreign writes to event %d: %d", event, static_cast<int>(times));
  for (unsigned i = 0; i < times; ++i) {
    const std::uint64_t one = 1;
    const std::size_t size = pipe ? 1 : sizeof one;
    if (::write(static_cast<int>(e.foreign.writer), &one, size) != static_cast<ssize_t>(size)) return;  // full
    ++e.foreign.writes;
    e.foreign.is_in = true;
  }
}

// --- Tickets

/// In the place of the one that was kept longest.
void session::keep_ticket(int ticket) {
  const int kept = event_places + next_kept_;
  next_kept_ = (next_kept_ + 1) % kept_tickets;
  tickets_[static_cast<unsigned>(kept)] = tickets_[static_cast<unsigned>(ticket)];
  face_->copy_ticket(ticket, kept);
}

void session::signal(int ticket) {
  ticket_thing& t = tickets_[static_cast<unsigned>(ticket)];
  const bool current = is_current(t);
  event_thing* const e = current ? &events_[static_cast<unsigned>(t.event)] : nullptr;
  if (current && e->in_flight && e->kernel_has_part) open_up(*e);
  const signalled told = face_->signal(ticket);
  trace::note("signal ticket %d: %d", ticket, static_cast<int>(told));
  if (!current) {
    if (told != signalled::stale) trace::fail("a stale ticket, %d, signals", ticket);
    if (t.event >= 0) ++pools_[static_cast<unsigned>(t.pool)].stale;
    return;
  }
  const bool was_open = e->is.may_be(stage::pending);
  if (!e->is.signal(told)) trace::fail("ticket %d: signal says %d", ticket, static_cast<int>(told));
  if (e->native && told == signalled::delivered) ++e->foreign.writes;
  if (was_open) e->polls_since = 0;
}

void session::cancel(int ticket) {
  ticket_thing& t = tickets_[static_cast<unsigned>(ticket)];
  const bool current = is_current(t);
  event_thing* const e = current ? &events_[static_cast<unsigned>(t.event)] : nullptr;
  if (current && e->in_flight && e->kernel_has_part) open_up(*e);
  const bool told = face_->cancel(ticket);
  trace::note("cancel ticket %d: %d", ticket, told ? 1 : 0);
  if (current ? !e->is.cancel(told) : told) trace::fail("ticket %d: cancel says %d", ticket, told ? 1 : 0);
}

void session::look_at(int ticket) {
  const bool over = face_->expired(ticket);
  trace::note("ticket %d is expired: %d", ticket, over ? 1 : 0);
  if (over == is_current(tickets_[static_cast<unsigned>(ticket)]))
    trace::fail("ticket %d: expired says %d", ticket, over ? 1 : 0);
}

}  // namespace fuzz
