// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What threads do with events and tickets, and what a completion of an event may say.
#include <algorithm>
#include <cerrno>

#include "event/native.hpp"
#include "world.hpp"

namespace chime::simulation {

/// Whether nobody but the signals and cancels that we know of can have decided this wait: not its deadline, not a foreign
/// writer, not an error of the kernel.
bool world::only_signals_decide(const event_use& u) const {
  return u.is_exact() && s_.os.now_ns() < u.wait.due_ns && errors() == u.wait.kernel_errors;
}

void world::submit(event_use& u) {
  const bool has_deadline = s_.random.chance(s_.how.deadlines);
  submit_until(u, has_deadline ? s_.os.now_ns() + s_.random.between(-1'000, 3'000'000) : kernel::for_ever);
}

void world::submit_until(event_use& u, std::int64_t due_ns) {
  s_.note(u.pending() > 0              ? step::submitted_signalled
          : due_ns == kernel::for_ever ? step::submitted
                                       : step::submitted_with_deadline,
          u.id);
  u.where = event_use::place::in_flight;
  u.wait.begin(due_ns, errors());
  u.wait.must_succeed = u.is_exact() && u.pending() > 0;
  u.wait.may_cancel = pool_of(u).cancelling != 0;
  // A callable of our own, since the event belongs to the loop from here on.
  const callback done(
      [](void* use, completion&& c) {
        static_cast<world*>(simulation::current().runs)->completed(*static_cast<event_use*>(use), std::move(c));
      },
      &u);
  std::move(u.ev).submit(done, at(due_ns));
}

void world::signal(event_use& u) {
  const bool was_over = u.where == event_use::place::gone;
  const unsigned wait = u.wait.number;
  ++u.signalling;
  const std::uint64_t acts = acts_;
  const signal_result said = u.token.signal();
  --u.signalling;
  const bool alone = acts_ == acts && u.signalling == 0;
  if (said == signal_result::stale) {
    s_.note(step::signal_stale, u.id);
    ++pool_of(u).stale;
    require(u.where == event_use::place::gone, "a ticket of the present use is stale", u.id);
    return;
  }
  require(!was_over, "a late signal reaches a later use", u.id);
  const bool delivered = said == signal_result::delivered;
  s_.note(delivered ? step::signal_delivered : step::signal_coalesced, u.id);
  if (delivered) ++u.delivered;
  u.unsettled = u.unsettled || !alone;
  if (!alone || u.shared) return;
  require(u.pending() == 1, delivered ? "a signal is delivered twice" : "a signal is coalesced with none", u.id,
          u.pending());
  const bool decides = delivered && u.wait.flying && u.wait.number == wait && !u.wait.may_cancel && !u.wait.must_cancel;
  if (decides && only_signals_decide(u)) u.wait.must_succeed = true;
}

void world::cancel(event_use& u) {
  const bool exact = u.wait.flying && !u.wait.may_cancel && u.pending() == 0 && only_signals_decide(u);
  const bool decided = u.wait.is_decided();
  const bool flew = u.wait.flying;
  const unsigned wait = u.wait.number;
  const bool was_allowed = u.wait.may_cancel;
  u.wait.may_cancel = true;
  const std::uint64_t acts = acts_;
  const bool won = u.token.cancel();
  // It may be over by now, if the cancel rang and the loop answered at once.
  const bool is_the_same = u.wait.flying && u.wait.number == wait;
  if (u.wait.number == wait) u.wait.may_cancel = was_allowed;
  s_.note(won ? step::cancel_won : step::cancel_lost, u.id);
  require(!won || (flew ? !decided : acts_ != acts), "a cancel wins against an outcome that stands, or without a wait",
          u.id);
  if (won && is_the_same) u.wait.must_cancel = true;
  require(won || !exact || decided || acts_ != acts, "a cancel finds no wait although there is one", u.id);
}

void world::cancel_all(pool_use& p) {
  s_.note(step::cancelled_all);
  ++p.calls;
  ++p.cancelling;
  const auto its_waits = [&](auto f) {
    for (event_use& u : uses_) {
      if (&pool_of(u) == &p && u.wait.flying) f(u);
    }
  };
  const std::uint64_t acts = acts_;
  std::vector<event_use*> surely;
  its_waits([&](event_use& u) {
    if (!u.wait.is_decided() && !u.wait.may_cancel && u.pending() == 0 && only_signals_decide(u)) surely.push_back(&u);
    u.wait.may_cancel = true;
  });
  p.pool.cancel_all();
  if (acts_ == acts) {
    for (event_use* u : surely) u->wait.must_cancel = true;
  }
  --p.cancelling;
  --p.calls;
}

void world::block(event_use& u) {
  const bool native = pool_of(u).options.native;
  if (s_.thread() == 0) return;  // nobody would poll
  s_.note(step::blocked, u.id);
  u.where = event_use::place::blocked;
  blocked_.push_back(&u);
  const std::int64_t due = one_of(2) == 0 ? kernel::for_ever : s_.os.now_ns() + s_.random.between(-1'000, 1'000'000);
  const bool was_signalled = u.is_exact() && u.pending() > 0;
  const result<void> woken = u.ev.wait_until(at(due));
  blocked_.pop_back();
  u.where = event_use::place::at_rest;
  ++acts_;
  if (native) {
    require(!woken && woken.error() == fault::native_only_in_loop, "a native event was blocked on", u.id);
    return;
  }
  if (woken) {
    s_.note(step::block_signalled, u.id);
    ++u.consumed;
    require(u.consumed <= u.credit(), "a block ends without a signal", u.id);
    return;
  }
  s_.note(step::block_timed_out, u.id);
  require(woken.error() == errc::timed_out && s_.os.now_ns() >= due, "a block times out early", u.id);
  require(!was_signalled && (!u.is_exact() || u.pending() == 0), "a block times out although it was signalled", u.id);
}

void world::show_handle(event_use& u) {
  const result<native_handle> shown = u.ev.native();
  if (!pool_of(u).options.native) {
    return require(!shown && shown.error() == fault::not_native, "an event without handle shows one", u.id);
  }
  require(shown.has_value() && s_.os.file_of(static_cast<int>(*shown)) >= 0, "a native event shows no open handle",
          u.id);
  if (u.shared && u.foreign_writing == 0 && one_of(2) == 0) {
    s_.note(step::foreign_use_ended, u.id);
    u.ev.foreign_use_ended();
    u.foreign_over = true;
    return;
  }
  s_.note(step::handle_shown, u.id);
  u.shared = true;
  u.foreign_over = false;
}

void world::write_foreign(event_use& u) {
  const bool waits_or_rests = u.where == event_use::place::at_rest || u.where == event_use::place::in_flight;
  if (!u.shared || u.foreign_over || !waits_or_rests) return;
  s_.note(step::foreign_write, u.id);
  ++u.foreign;
  const std::uint64_t one = 1;
  const bool pipe = u.write_handle != u.read_handle;
  ++u.foreign_writing;
  (void)s_.os.write(u.write_handle, &one, pipe ? 1 : sizeof one);  // EAGAIN: it is full, and so readable anyway
  --u.foreign_writing;
}

void world::completed(event_use& u, completion&& done) {
  ++acts_;
  ++completions_;
  require(polling_ && s_.thread() == 0, "a completion runs outside of a poll", u.id);
  require(u.wait.flying && u.where == event_use::place::in_flight, "a wait completes twice", u.id);
  require(done.ev && done.ev.get_ticket() == u.token, "a completion hands out another event", u.id);
  require(!u.token.expired(), "a completed use is over", u.id);
  check_outcome(u, done.error);
  u.unsettled = u.unsettled || u.signalling != 0;
  u.wait.flying = false;
  u.where = event_use::place::at_rest;
  u.ev = std::move(done.ev);
  go_on_with(u);
}

void world::check_outcome(event_use& u, std::error_code error) {
  const wait_account& w = u.wait;
  if (!error) {
    s_.note(step::event_succeeded, u.id);
    ++u.consumed;
    require(!w.must_cancel, "a wait succeeds after its cancel has won", u.id);
    require(u.consumed <= u.credit(), "a wait succeeds without a signal", u.id);
  } else if (error == errc::cancelled) {
    s_.note(step::event_cancelled, u.id);
    require(w.may_cancel || w.must_cancel, "a wait is cancelled by nobody", u.id);
    require(!w.must_succeed, "a wait is cancelled after its signal", u.id);
  } else if (error == errc::timed_out) {
    s_.note(step::event_timed_out, u.id);
    require(s_.os.now_ns() >= w.due_ns, "a wait times out early", u.id, w.due_ns - s_.os.now_ns());
    require(!w.is_decided(), "a wait times out after another outcome", u.id);
  } else {
    s_.note(step::event_failed, u.id, error.value());
    const bool possible = error.value() == EIO || error.value() == ENOMEM || error.value() == ENOSPC;
    ++errors_told_;
    require(possible && pool_of(u).options.native && errors_told_ <= errors(), "a wait fails without cause", u.id,
            error.value());
    require(!w.is_decided(), "a wait fails after another outcome", u.id);
  }
  check_handle(u);
}

/// Who polls the handle must see a signal that is kept, and none that was consumed.
void world::check_handle(const event_use& u) const {
  if (!pools_[u.pool].options.native || !u.is_exact()) return;
  const bool readable = s_.os.content(s_.os.file_of(u.read_handle)) != 0;
  require(readable || u.pending() == 0, "a handle does not tell of a signal that is kept", u.id);
  require(!readable || u.pending() > 0 || u.unsettled, "a handle tells of a signal that was consumed", u.id);
}

/// Inside the callback.
void world::go_on_with(event_use& u) {
  if (!s_.calm) {
    if (s_.random.chance(s_.how.callbacks)) act();
    // That may have been a release or a submit of this very event.
    if (u.where != event_use::place::at_rest) return;
    if (s_.random.chance(s_.how.resubmits)) return submit(u);
    if (one_of(3) == 0) return;
  }
  release(u);
}

}  // namespace chime::simulation
