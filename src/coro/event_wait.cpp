// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A coroutine that waits for events. Each event's cell is submitted, while its handle stays where it is, so that the holder
/// has its tickets and the completed cell is found among the handles.
///
/// Threads: everything runs on the polling thread, where no completion can come in between, but for three things. The
/// submit of a single event without a stop token may be done elsewhere, and is then the last touch of the frame.
/// Everything else goes to the polling thread first. The stop callback runs wherever stop is requested: it reads the
/// handles, and is over before the frame goes on.
///
/// While the wait lasts, an event's `context` says what has become of it (it is the holder's field, and the holder waits):
/// the event_wait itself, or null once a signal has been consumed.
#include "chime/coro.hpp"
#include "coro/polling_claim.hpp"
#include "event/submit.hpp"
#include "pool/pool.hpp"
#include "sync/misuse.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace {

/// Null: a pool without a loop.
[[nodiscard]] loop* loop_of(cell& c) noexcept { return static_cast<pool*>(c.its_page().header.pool)->completes_on; }

}  // namespace

cell& event_wait::held(std::size_t index) const noexcept {
  cell* const c = cell::of(events_[index]);
  if (c == nullptr) misuse("a coroutine waits for an empty event, or one that was moved away meanwhile");
  return *c;
}

loop& event_wait::check_loops() const noexcept {
  loop* const l = loop_of(held(0));
  if (l == nullptr) misuse("a coroutine waits for an event of a pool without a loop");
  for (std::size_t i = 1; i < events_.size(); ++i) {
    if (loop_of(held(i)) != l) misuse("a coroutine waits for events of different loops at once");
  }
  return *l;
}

void event_wait::await_suspend(std::coroutine_handle<> frame) noexcept {
  loop& l = check_loops();
  frame_ = frame;
  const bool one_touch = events_.size() == 1 && !stop_.stop_possible();
  if (one_touch || is_bound_here(l)) {
    start();
  } else {
    submit_post(l, operation_state::of(hop_), callback::to<&event_wait::started_on_loop>(*this));
  }
}

void event_wait::started_on_loop(completion&&) noexcept { start(); }

/// Without a stop token, submitting the last event may be the last touch of the frame.
void event_wait::start() noexcept {
  const std::size_t count = events_.size();
  const bool may_stop = stop_.stop_possible();
  pending_ = count;
  for (std::size_t i = 0; i < count; ++i)
    submit(held(i), reinterpret_cast<void (*)()>(&event_wait::ended), this, deadline_);
  if (may_stop) stopper_.emplace(stop_, stopper{this});
}

void event_wait::ended(void* self, completion&& done) noexcept {
  // The holder has kept the handle: this is a second one to the same event.
  cell& c = *cell::take_from(done.ev);
  static_cast<event_wait*>(self)->count(c, done.error);
}

void event_wait::count(cell& c, std::error_code error) noexcept {
  const bool first_outcome = winner_ == nullptr && !error_;
  const bool decides = need_ == need::any ? first_outcome : error && !error_;
  if (!error) {
    c.context.set(nullptr);
    if (winner_ == nullptr) winner_ = &c;
  } else if (!error_) {
    error_ = error;
  }
  if (--pending_ == 0) {
    finish();
  } else if (decides) {
    cancel_all();
  }
}

/// Those that have an outcome already are not touched by it.
void event_wait::cancel_all() const noexcept {
  for (std::size_t i = 0; i < events_.size(); ++i) {
    cell& c = held(i);
    (void)cancel(c, c.word.peek().generation());
  }
}

void event_wait::finish() noexcept {
  // Until a stop callback that is under way is over, since the next wait of these events must not be cancelled by it.
  stopper_.reset();
  if (need_ == need::any) {
    if (winner_ != nullptr) error_ = {};
    give_back_signals(winner_);
  } else if (error_) {
    give_back_signals(nullptr);
  }
  std::exchange(frame_, nullptr).resume();
}

/// Of what was signalled, all but one.
void event_wait::give_back_signals(const cell* but) const noexcept {
  for (std::size_t i = 0; i < events_.size(); ++i) {
    cell& c = held(i);
    // By its ticket, since a native event's signal is a write as well.
    if (&c != but && c.context.get() == nullptr) (void)events_[i].get_ticket().signal();
  }
}

result<std::size_t> event_wait::first() const noexcept {
  if (events_.empty()) return std::unexpected(make_error_code(fault::nothing_to_wait_for));
  if (error_) return std::unexpected(error_);
  std::size_t i = 0;
  while (&held(i) != winner_) ++i;
  return i;
}

void event_wait::withdraw() noexcept {
  loop& l = check_loops();
  const polling_claim claim(l);
  stopper_.reset();
  if (operation_state& hop = operation_state::of(hop_); hop.in_flight()) {
    (void)l.withdraw(hop);
    return;
  }
  for (std::size_t i = 0; i < events_.size(); ++i) {
    cell& c = held(i);
    const bool waits = !event_word::releasable(c.word.peek());
    if (waits && l.withdraw(c).phase() == phase::fired) c.context.set(nullptr);
  }
  give_back_signals(nullptr);
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
