// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "waiter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace chime::soak {
namespace {

constexpr std::chrono::microseconds between_attempts{20};

}  // namespace

void waiter::tell(const char* what) noexcept {
  static constexpr const char* names[] = {"one event", "any", "all"};
  side_->wrong.add(fmt::format("a coroutine that waits for {}: {}", names[static_cast<std::size_t>(plan_.kind)], what));
}

void waiter::spawn(const waiter_plan& plan, ledger& books) {
  plan_ = plan;
  next_ = 0;
  source_ = plan.has_token ? std::stop_source{} : std::stop_source{std::nostopstate};
  written_ = {};
  consumed_ = {};
  for (auto& one : delivered_) one.store(0, std::memory_order_relaxed);
  stop_asked_.store(false, std::memory_order_relaxed);
  cancel_asked_.store(false, std::memory_order_relaxed);
  cancel_won_ = false;
  has_ended_ = false;
  has_begun_.store(false, std::memory_order_relaxed);
  tally_ = {};
  unsigned shares = 2;  // the waiting coroutine's, and the producer's
  for (const deed_of& d : std::span{plan.deeds.data(), plan.deed_count}) {
    if (d.by_peer || d.what == deed::destroy) ++shares;
  }
  shares_.store(shares, std::memory_order_relaxed);
  ++books.coroutines.spawned;
  ++books.certain.uses;  // of the event that says when all is done
  (plan.is_certain() ? books.certain : books.raced).uses += plan.events;
  turn_.store(turn::loop, std::memory_order_relaxed);  // the loop gets it by the spawn
  chime::spawn(*loop_, live());
}

std::optional<deed_of> waiter::next_deed() noexcept {
  if (next_ < plan_.deed_count) return plan_.deeds[next_++];
  turn_.store(turn::loop, std::memory_order_relaxed);
  leave();
  return std::nullopt;
}

/// Whoever is the last signals, and touches nothing afterwards. Its signal is booked by the task, which knows that it was one.
void waiter::leave(unsigned shares) noexcept {
  const ticket name = all_done_name_;
  breaches& wrong = side_->wrong;
  if (shares_.fetch_sub(shares, std::memory_order_acq_rel) != shares) return;
  if (name.signal() != signal_result::delivered) wrong.add("the only signal for a task was not delivered");
}

void waiter::carry_out(const deed_of& d, ledger& books) noexcept {
  switch (d.what) {
    case deed::begin:
      frame_ = wait();
      has_begun_.store(true, std::memory_order_release);
      break;
    case deed::signal:
      signal(d.event, books);
      break;
    case deed::stop:
      stop_asked_.store(true, std::memory_order_relaxed);
      if (!source_.request_stop()) tell("the only request of a stop was not the first");
      break;
    case deed::cancel:
      cancel_asked_.store(true, std::memory_order_relaxed);
      cancel_won_ = names_[d.event].cancel();
      break;
    case deed::destroy: {
      ++books.operations_submitted;
      const callback then = callback::to<&waiter::destroy_frame>(*this);
      if (plan_.has_deadline) {
        loop_->submit(destruction_, then, clock::now() + plan_.soon / 2);
      } else {
        loop_->submit(destruction_, then);
      }
      break;
    }
  }
  if (d.by_peer) leave();
}

void waiter::signal(std::size_t event, ledger& books) noexcept {
  const bool is_only_one = event != plan_.twice;
  if (is_only_one) written_[event] = 1;
  const signal_result result = names_[event].signal();
  (plan_.is_certain() ? books.certain : books.raced).count(result);
  if (result == signal_result::delivered) delivered_[event].fetch_add(1, std::memory_order_relaxed);
  const bool may_be_stale = plan_.frame_owns;
  if (result == signal_result::stale && !may_be_stale) tell("the signal for an event that it holds was stale");
  if (result == signal_result::coalesced && is_only_one) tell("the only signal of an event was coalesced");
}

/// Inside a poll: the coroutine is on its way to the loop, waits, or has ended. If it has not begun, this is tried again.
void waiter::destroy_frame(completion&&) noexcept {
  ++side_->books.operations_completed;
  if (!has_begun_.load(std::memory_order_acquire)) {
    ++side_->books.operations_submitted;
    loop_->submit(destruction_, callback::to<&waiter::destroy_frame>(*this), clock::now() + between_attempts);
    return;
  }
  unsigned shares = 1;
  if (!has_ended_) {
    frame_.destroy();
    ++tally_.withdrawn;
    ++shares;
  }
  leave(shares);
}

wait_options waiter::options(stop_reference stop) noexcept {
  is_stoppable_ = stop.token().stop_possible();
  const bool must_be_limited = plan_.keeps_awaiter && !is_stoppable_;
  deadline_ = plan_.has_deadline || must_be_limited ? clock::now() + plan_.soon : never;
  return {.deadline = deadline_, .stop = stop};
}

frame waiter::wait() {
  std::array<event, waiter_plan::most_events> own;
  std::span events{events_.data(), plan_.events};
  if (plan_.frame_owns) {
    std::ranges::move(events, own.begin());
    events = {own.data(), plan_.events};
  }
  const std::stop_token token = source_.get_token();
  if (plan_.keeps_awaiter) {
    auto kept = async_wait(events[0], options(token)).operator co_await();
    ++tally_.waits;
    const result<void> only = co_await kept;
    if (ended_with(only)) consumed(0);
    co_await wait_once(events, options({}));  // a stop is nothing to it
  } else {
    for (unsigned left = plan_.rounds; left > 0; --left) co_await wait_once(events, options(token));
  }
  has_ended_ = true;
  leave();
}

task<> waiter::wait_once(std::span<event> events, wait_options how) {
  ++tally_.waits;
  if (plan_.kind == wait_kind::any) {
    const result<std::size_t> first = co_await async_wait_any(events, how);
    if (ended_with(first)) consumed(*first);
  } else if (plan_.kind == wait_kind::all) {
    const result<void> every = co_await async_wait_all(events, how);
    if (!ended_with(every)) co_return;
    for (std::size_t i = 0; i < events.size(); ++i) consumed(i);
  } else {
    const result<void> only = co_await async_wait(events[0], how);
    if (ended_with(only)) consumed(0);
  }
}

/// True: with success.
bool waiter::ended_with(const auto& got) noexcept {
  const std::error_code error = got ? std::error_code{} : got.error();
  if (has_ended_) tell("its wait ended after its end");
  if (!error) {
    ++tally_.succeeded;
  } else if (error == errc::cancelled) {
    ++tally_.cancelled;
    const bool was_asked =
        (is_stoppable_ && stop_asked_.load(std::memory_order_relaxed)) || cancel_asked_.load(std::memory_order_relaxed);
    if (!was_asked) tell("cancelled by nobody");
  } else if (error == errc::timed_out) {
    ++tally_.timed_out;
    if (clock::now() < deadline_) tell("timed out before its deadline");
  } else {
    tell(error.message().c_str());
  }
  return !error;
}

void waiter::consumed(std::size_t event) noexcept {
  if (event >= plan_.events) {
    tell("an event that it does not have was the first");
    return;
  }
  ++consumed_[event];
  check_shown(event);
}

void waiter::check_shown(std::size_t event) noexcept {
  if (event != plan_.twice && written_[event] != 1)
    tell("it went on before its signal, or did not see what that shows");
}

bool waiter::acquire() {
  for (std::size_t i = 0; i < plan_.events; ++i) {
    auto got = plan_.is_native && i == 0 ? native_pool_->acquire() : pool_->acquire();
    if (!got) got = pool_->acquire();  // the native pool is small on purpose
    if (!got) return false;
    events_[i] = std::move(*got);
    names_[i] = events_[i].get_ticket();
  }
  auto got = pool_->acquire();
  if (!got) return false;
  all_done_ = std::move(*got);
  all_done_name_ = all_done_.get_ticket();
  return true;
}

task<> waiter::live() {
  if (!acquire()) {
    tell("no event to be had");
    co_return;
  }
  if (!plan_.has(deed::begin)) {
    frame_ = wait();
    has_begun_.store(true, std::memory_order_relaxed);  // for this thread
  }
  ++tally_.waits;  // the one below; before the producer may begin one
  turn_.store(turn::producer, std::memory_order_release);
  const result<void> told = co_await async_wait(all_done_);
  if (told) {
    ++tally_.succeeded;
  } else {
    tell(told.error().message().c_str());
  }
  frame_.destroy();
  for (std::size_t i = 0; i < plan_.events; ++i) {
    if (!plan_.frame_owns) {
      const bool was_kept = co_await has_kept_signal(events_[i]);
      if (was_kept) consumed(i);
    }
    check_signals(i);
  }
  check_cancels();
  settle();
}

/// A wait without patience.
task<bool> waiter::has_kept_signal(event& ev) {
  ++tally_.waits;
  const result<void> got = co_await async_wait(ev, {.deadline = time_point{}});
  if (got) {
    ++tally_.succeeded;
  } else if (got.error() == errc::timed_out) {
    ++tally_.timed_out;
  } else {
    tell(got.error().message().c_str());
  }
  co_return got.has_value();
}

/// Each signal was consumed by one wait, or was kept. (A second one may have met the first when that was given back.)
void waiter::check_signals(std::size_t event) noexcept {
  const unsigned delivered = delivered_[event].load(std::memory_order_relaxed);
  const unsigned got = consumed_[event];
  if (got > delivered) tell("more signals were consumed than delivered");
  const bool may_be_dropped = plan_.frame_owns;
  const unsigned least = event == plan_.twice ? std::min(delivered, 1U) : delivered;
  if (!may_be_dropped && got < least) tell("a signal that was delivered was neither consumed nor kept");
}

/// What cancel() promised is what the waits have said, as far as no stop could say the same.
void waiter::check_cancels() noexcept {
  if (plan_.has(deed::stop)) return;
  const unsigned promised = cancel_won_ ? 1 : 0;
  if (tally_.cancelled > promised) tell("cancelled, though the cancel had said that it came too late");
  const bool is_beaten = plan_.kind == wait_kind::any || plan_.has_deadline || tally_.withdrawn > 0;
  if (tally_.cancelled < promised && !is_beaten) tell("not cancelled, though the cancel had said so");
}

void waiter::settle() noexcept {
  ledger& books = side_->books;
  books.certain.count(signal_result::delivered);  // of the event that says when all is done
  ++books.certain.consumed;
  ++tally_.consumed;
  account& account = plan_.is_certain() ? books.certain : books.raced;
  for (std::size_t i = 0; i < plan_.events; ++i) {
    account.consumed += consumed_[i];
    tally_.consumed += consumed_[i];
    events_[i].reset();
  }
  all_done_.reset();
  ++tally_.ended;
  books.coroutines += tally_;
  turn_.store(turn::nobody, std::memory_order_release);
}

}  // namespace chime::soak
