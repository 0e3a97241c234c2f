// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Choosing the calls.
#include "session.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <climits>

#include "trace.hpp"

namespace fuzz {
namespace {

/// Those that run here: the environment and the kernel may leave only some of them.
constexpr const char* backends[] = {"epoll", "poll", "io_uring", "io_uring:no-defer", "io_uring:linked-read"};

/// Calls in one input: enough for everything, and an end to callbacks that bring up each other.
constexpr unsigned most_steps = 1500;

}  // namespace

session::session(input in) : in_(in) {
  trace::begin();
  backend_ = backends[in_.below(std::size(backends))];
  always_ready_ = ::memfd_create("always ready", MFD_CLOEXEC);
  if (always_ready_ < 0) trace::fail("the fuzzer has no descriptors");
  face_ = make_face(*this, env_);
}

session::~session() { ::close(always_ready_); }

void session::run() {
  // As nearly everybody begins; if the input wants it otherwise, these fail.
  open_loop();
  open_pool(0);
  for (unsigned steps = 0; !in_.over() && steps < most_steps; ++steps) step();
  in_.end();
  wind_up();
}

void session::step() {
  switch (in_.below(20)) {
    case 0:
      return step_loop();
    case 1:
    case 2:
    case 3:
    case 4:
      return step_poll();
    case 5:
    case 6:
      return step_operation();
    case 7:
      return step_pool();
    case 8:
      return step_cache();
    case 9:
      return step_channel();
    case 10:
      return step_shortage();
    case 11:
    case 12:
    case 13:
    case 14:
    case 15:
      return step_event();
    default:
      return step_ticket();
  }
}

// --- The loop

void session::step_loop() {
  switch (in_.below(8)) {
    case 0:
      return close_loop();
    case 1:
      return run_loop();
    case 2:
      if (!loop_.open) return;
      trace::note("stop");
      face_->stop();
      loop_.stop_pending = true;
      break;
    case 3:
      if (!loop_.open) return;
      trace::note("wake");
      face_->wake();
      break;
    default:
      return open_loop();
  }
  loop_.wake_is_sure = !polling_;
  loop_.wake_may_be = woken_in_poll_ = true;
}

void session::step_poll() {
  const unsigned how = in_.below(4);
  const bool will_end = polling_ || !loop_.open || loop_.wake_is_sure || something_must_come();
  if (how == 3) {
    for (int i = 0; i < 3; ++i) poll_once(false);
  } else {
    poll_once(how == 2 && will_end);
  }
}

// --- Operations

int session::choose_free_operation() {
  const int first = static_cast<int>(in_.below(operation_places));
  for (int i = 0; i < operation_places; ++i) {
    const int place = (first + i) % operation_places;
    if (!operations_[static_cast<unsigned>(place)].in_flight) return place;
  }
  return -1;
}

when session::choose_deadline() { return static_cast<when>(in_.below(4)); }

void session::step_operation() {
  const unsigned what = in_.below(6);
  if (what == 0) return cancel_operation(static_cast<int>(in_.below(operation_places)));
  const int operation = choose_free_operation();
  if (operation < 0) return;
  if (what == 1) return face_->renew_operation(operation);
  if (!loop_.open) return;  // misuse
  if (what == 2) {
    trace::note("post operation %d", operation);
    begin_operation(operation, kind::post, when::never);
    operations_[static_cast<unsigned>(operation)].stops_the_loop = in_.below(8) == 7;
    return face_->post(operation);
  }
  if (what == 3) {
    const when due = choose_deadline();
    trace::note("timer in operation %d, deadline %d", operation, static_cast<int>(due));
    begin_operation(operation, kind::timer, due);
    return face_->timer(operation, due);
  }
  step_watch(operation);
}

void session::step_watch(int operation) {
  begin_operation(operation, kind::watch, when::never);
  operation_thing& op = operations_[static_cast<unsigned>(operation)];
  const unsigned which = in_.below(8);
  op.writable = in_.below(2) == 1;
  std::intptr_t handle = always_ready_;
  if (which < channels_.size() && channels_[which]) {
    op.channel = static_cast<int>(which);
    op.writable = op.writable && channels_[which]->writer() >= 0;
    handle = op.writable ? channels_[which]->writer() : channels_[which]->reader();
  } else if (which == 7) {
    constexpr std::intptr_t none[] = {-1, INT_MAX, INTPTR_MIN, INTPTR_MAX, std::intptr_t{1} << 32};
    handle = none[in_.below(std::size(none))];
    op.bad_handle = true;
  }
  op.was_ready = is_ready(op);
  trace::note("watch in operation %d: channel %d, writable %d", operation, op.channel, op.writable ? 1 : 0);
  face_->watch(operation, handle, op.writable);
}

/// Handles are closed only when nobody watches them.
void session::step_channel() {
  const unsigned which = in_.below(static_cast<unsigned>(channels_.size()));
  auto& chosen = channels_[which];
  const bool watched = std::ranges::any_of(
      operations_, [&](const operation_thing& op) { return op.in_flight && op.channel == static_cast<int>(which); });
  const bool writer_watched = std::ranges::any_of(operations_, [&](const operation_thing& op) {
    return op.in_flight && op.channel == static_cast<int>(which) && op.writable;
  });
  const unsigned what = in_.below(5);
  trace::note("channel %d: %d", static_cast<int>(which), static_cast<int>(what));
  if (!chosen || (what == 4 && !watched)) {
    chosen.reset();
    chosen.emplace(what % 2 == 0);
    if (!chosen->exists()) chosen.reset();
  } else if (what == 2) {
    chosen->read();
  } else if (what == 3) {
    if (!writer_watched) chosen->close_writer();
  } else {
    chosen->write();
  }
  note_readiness();
}

// --- Pools and caches

void session::step_pool() {
  const int pool = static_cast<int>(in_.below(pool_places));
  const pool_thing& p = pools_[static_cast<unsigned>(pool)];
  switch (in_.below(8)) {
    case 0:
      return close_pool(pool);
    case 1:
      return cancel_all(pool);
    case 2:
      trace::note("trim pool %d", pool);
      return face_->trim(pool);
    case 3:
      if (p.state != pool_thing::door::closed) (void)check_numbers(pool);
      return;
    case 4:
      trace::note("odd call");
      return face_->odd_call(in_.byte(), pool, choose_held());
    default:
      return open_pool(pool);
  }
}

void session::step_cache() {
  const int cache = static_cast<int>(in_.below(cache_places));
  const cache_thing& c = caches_[static_cast<unsigned>(cache)];
  const unsigned what = in_.below(4);
  if (!c.exists) {
    const int pool = static_cast<int>(what % pool_places);
    if (pools_[static_cast<unsigned>(pool)].state == pool_thing::door::open) make_cache(cache, pool);
    return;
  }
  if (what == 0) return drop_cache(cache);
  if (what == 1) {
    trace::note("detach cache %d", cache);
    return face_->detach_cache(cache);
  }
  const unsigned times = what == 2 ? 1 : 1 + in_.below(100);
  for (unsigned i = 0; i < times; ++i) acquire(c.pool, cache);
}

// --- Events

int session::choose_held() {
  const int first = static_cast<int>(in_.byte());
  for (int i = 0; i < event_places; ++i) {
    const int place = (first + i) % event_places;
    if (events_[static_cast<unsigned>(place)].held) return place;
  }
  return -1;
}

void session::step_event() {
  const unsigned what = in_.below(13);
  if (what < 3) {
    const int pool = static_cast<int>(in_.below(pool_places));
    const unsigned times = what < 2 ? 1 : 1 + in_.below(100);
    for (unsigned i = 0; i < times; ++i) acquire(pool, -1);
    return;
  }
  if (what == 3) {
    // As who wants the handles does: before anything else happens to the event.
    const int fresh = acquire(static_cast<int>(in_.below(pool_places)), -1);
    if (fresh < 0) return;
    give_out(fresh, false);
    give_out(fresh, true);
    return;
  }
  const int event = choose_held();
  if (event < 0) return;
  const event_thing& e = events_[static_cast<unsigned>(event)];
  if (what < 8) {
    const unsigned times = what < 7 ? 1 : 1 + in_.below(100);
    const unsigned choice = in_.below(8);
    int cache = static_cast<int>(choice % cache_places);
    const cache_thing& c = caches_[static_cast<unsigned>(cache)];
    const bool into_cache = choice < cache_places && c.exists && c.pool == e.pool;
    const release_by how = into_cache ? release_by::cache : (choice == 7 ? release_by::pool : release_by::handle);
    if (!into_cache) cache = -1;
    const int pool = e.pool;
    int place = event;
    for (unsigned i = 0; i < times && place < event_places; ++place) {
      const event_thing& next = events_[static_cast<unsigned>(place)];
      if (!next.held || next.pool != pool) continue;
      release(place, how, cache);
      ++i;
    }
    return;
  }
  if (what == 8) return block(event);
  if (what == 9) return step_foreign(event);
  if (!pools_[static_cast<unsigned>(e.pool)].wish.has_loop) return;  // misuse
  submit(event, choose_deadline());
}

void session::step_foreign(int event) {
  event_thing& e = events_[static_cast<unsigned>(event)];
  switch (in_.below(4)) {
    case 0:
      trace::note("foreign use of event %d has ended", event);
      face_->foreign_use_ended(event);
      e.foreign.over = true;
      return;
    case 1:
      return give_out(event, true);
    case 2:
      return check_readable(event);
    default:
      return give_out(event, false);
  }
}

// --- Tickets

/// Mostly of an event that is out; else one that was kept, which is likely stale.
int session::choose_ticket() {
  const int byte = static_cast<int>(in_.byte());
  constexpr int first_kept = 256 - 3 * kept_tickets;
  if (byte >= first_kept) return event_places + (byte - first_kept) % kept_tickets;
  for (int i = 0; i < event_places; ++i) {
    const int place = (byte + i) % event_places;
    if (events_[static_cast<unsigned>(place)].is_out()) return place;
  }
  return byte;
}

void session::step_ticket() {
  const int ticket = choose_ticket();
  switch (in_.below(8)) {
    case 0:
      return cancel(ticket);
    case 1:
      return look_at(ticket);
    case 2:
      return keep_ticket(ticket);
    case 3: {
      const ticket_thing& t = tickets_[static_cast<unsigned>(ticket)];
      if (!is_current(t)) return;
      const foreign_use& foreign = events_[static_cast<unsigned>(t.event)].foreign;
      if (!foreign.given_out || foreign.over || foreign.writer < 0) return;
      return write_foreign(t.event, 1 + in_.below(12));
    }
    default:
      return signal(ticket);
  }
}

void session::step_shortage() {
  switch (in_.below(6)) {
    case 0:
      trace::note("no more memory");
      env_.memory.refuses = true;
      return;
    case 1: {
      const unsigned more = in_.below(4);
      trace::note("only %d more descriptors", static_cast<int>(more));
      return env_.descriptors.tighten(more);
    }
    default:
      trace::note("no shortage");
      env_.memory.refuses = false;
      return env_.descriptors.lift();
  }
}

/// A callback does whatever a callback may; often nothing, and often what callbacks do: submit again, or release.
void session::run_callback_script(int event) {
  const unsigned what = in_.below(8);
  if (event >= 0 && what == 1) {
    submit(event, choose_deadline());
  } else if (event >= 0 && what == 2) {
    release(event, release_by::handle, -1);
  } else if (what >= 5) {
    for (unsigned i = 4; i < what && !in_.over(); ++i) step();
  }
}

// --- The end

/// Everything is cancelled, comes back, and is closed. Then nothing may be left.
void session::wind_up() {
  trace::note("the end");
  winding_up_ = true;
  env_.memory.refuses = false;
  env_.descriptors.lift();
  for (int i = 0; i < operation_places; ++i) cancel_operation(i);
  for (int i = 0; i < event_places; ++i) {
    if (events_[static_cast<unsigned>(i)].in_flight) cancel(i);
  }
  // Those that are still in flight when this ends have failed to come; a poll tells which.
  for (int i = 0; i < 1000 && !nothing_in_flight(); ++i) poll_once(false);
  if (!nothing_in_flight()) trace::fail("something that was cancelled did not complete in 1000 polls");
  for (int i = 0; i < event_places; ++i) {
    if (events_[static_cast<unsigned>(i)].held) release(i, release_by::handle, -1);
  }
  for (int i = 0; i < cache_places; ++i) {
    if (caches_[static_cast<unsigned>(i)].exists) drop_cache(i);
  }
  for (int i = 0; i < pool_places; ++i) close_pool(i);
  if (std::ranges::any_of(pools_, [](const pool_thing& p) { return p.state != pool_thing::door::closed; }))
    trace::fail("a pool does not close");
  if (loop_.open) close_loop();
  face_.reset();
  for (auto& c : channels_) c.reset();
  if (env_.memory.blocks != 0) trace::fail("%d blocks of memory are left", static_cast<int>(env_.memory.blocks));
}

}  // namespace fuzz
