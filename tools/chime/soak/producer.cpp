// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "producer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace chime::soak {
namespace {

constexpr std::chrono::seconds patience{30};

/// Uses between two operations, and between two late signals.
constexpr std::uint64_t uses_for_errand = 256;
constexpr std::uint64_t uses_for_late_signal = 16;
/// Uses between two deeds for coroutines. One has some three of them.
constexpr std::uint64_t uses_for_deed = 32;

}  // namespace

producer::producer(common& shared, std::uint64_t seed)
    : shared_(shared), random_(seed), errands_(shared.loop, shared.side) {
  for (use& u : uses_) u.loop = &shared.side;
  for (waiter& w : waiters_) w.open(shared.loop, shared.pool, shared.native_pool, shared.side);
}

void producer::run(const std::atomic<bool>& finished) {
  std::uint64_t rounds = 0;
  while (!finished.load(std::memory_order_acquire)) {
    cache_.emplace(shared_.pool);
    work();
    drain();
    shared_.meeting.drained();
    ++rounds;
    const time_point since = clock::now();
    while (!shared_.meeting.all_drained(rounds) && patient(since, "another producer")) {
    }
    serve();
    cache_.reset();
    if (shared_.wrong.any()) {
      shared_.meeting.leave();
      return;
    }
    shared_.meeting.rest();
  }
}

void producer::work() {
  while (!shared_.meeting.is_closed() && !shared_.wrong.any()) step();
}

void producer::step() {
  serve();
  use& u = uses_[steps_ % uses_at_once];
  if (settle(u)) {
    begin(u);
    ++begun_;
    if (begun_ % uses_for_late_signal == 0) signal_late(random_());
    if (begun_ % uses_for_errand == 0) errands_.run_one(random_(), books_);
    if (begun_ % uses_for_deed == 0) attend(waiters_[begun_ / uses_for_deed % waiters_at_once], true);
  } else if (steps_ % uses_at_once == 0 && !has_work()) {
    std::this_thread::yield();  // everything is with the loop or with others
  }
  ++steps_;
}

/// True: the use is over, and its slot can be used again.
bool producer::settle(use& u) {
  switch (u.now.load(std::memory_order_acquire)) {
    case phase::waiting:
      return false;
    case phase::again:
      u.now.store(phase::waiting, std::memory_order_relaxed);
      expect(signal(u), signal_result::delivered, u);
      return false;
    case phase::done:
      if (u.cancel_won != u.was_cancelled) shared_.wrong.add("a cancel and its completion tell different stories");
      finish(u);
      return true;
    case phase::idle:
      return true;
  }
  return true;
}

/// Does the next thing that one coroutine's plan asks for.
void producer::attend(waiter& w, bool may_spawn) {
  switch (w.whose_turn()) {
    case waiter::turn::loop:
      break;
    case waiter::turn::nobody:
      if (may_spawn) w.spawn(draw_waiter_plan(random_), books_);
      break;
    case waiter::turn::producer:
      if (const auto next = w.next_deed(); !next) {
        break;
      } else if (next->by_peer) {
        ask_peer({.wanted = favour::deed, .name = {}, .coroutine = &w, .part = *next});
      } else {
        w.carry_out(*next, books_);
      }
      break;
  }
}

/// Releases the event if it is here, into the cache or to the pool; its tickets are for late signals from now on.
void producer::finish(use& u) {
  if (u.native || u.written % 2 == 0) {
    u.ev.reset();
  } else {
    cache_->release(std::move(u.ev));
  }
  old_names_[old_next_++ % old_names_.size()] = u.name;
  u.now.store(phase::idle, std::memory_order_relaxed);
}

signal_result producer::signal(use& u) {
  ++u.written;
  const signal_result result = u.name.signal();
  (is_certain(u.what) ? books_.certain : books_.raced).count(result);
  return result;
}

void producer::expect(signal_result got, signal_result wanted, const use& u) {
  static constexpr const char* names[] = {"stale", "delivered", "coalesced"};
  if (got == wanted) return;
  shared_.wrong.add(fmt::format("a signal ({}) was {}, not {}", name_of(u.what), names[static_cast<std::size_t>(got)],
                                names[static_cast<std::size_t>(wanted)]));
}

void producer::ask_peer(const request& what) {
  if (!peer_->asked_.push(what)) serve(what);  // the peer has enough to do
}

void producer::serve() {
  if (knock_.load(std::memory_order_acquire) != nullptr && clock::now() >= knock_from_) {
    const ticket name = *knock_.exchange(nullptr, std::memory_order_relaxed);
    const signal_result result = name.signal();
    books_.certain.count(result);
    if (result != signal_result::delivered) shared_.wrong.add("a signal for a thread that blocks was not delivered");
  }
  request what;
  while (asked_.pop(what)) serve(what);
}

void producer::serve(const request& what) {
  if (what.wanted == favour::deed) {
    what.coroutine->carry_out(what.part, books_);
    return;
  }
  use& u = *what.of;
  switch (what.wanted) {
    case favour::signal: {
      ++u.written;
      const signal_result result = what.name.signal();
      books_.certain.count(result);
      // The completion may have run: of the use, only what it was is known here.
      if (result != signal_result::delivered) shared_.wrong.add("another producer's signal was not delivered");
      break;
    }
    case favour::race: {
      const signal_result result = what.name.signal();
      books_.raced.count(result);
      if (result == signal_result::coalesced) shared_.wrong.add("the only signal of a use was coalesced");
      break;
    }
    case favour::release:
      u.ev.reset();
      u.now.store(phase::done, std::memory_order_release);
      break;
    case favour::deed:
      break;
  }
}

bool producer::has_waits() const {
  return std::ranges::any_of(uses_,
                             [](const use& u) { return u.now.load(std::memory_order_relaxed) != phase::idle; }) ||
         std::ranges::any_of(waiters_, [](const waiter& w) { return w.whose_turn() != waiter::turn::nobody; });
}

/// Whether one of the uses can go on here.
bool producer::has_work() const {
  return std::ranges::any_of(uses_,
                             [](const use& u) { return u.now.load(std::memory_order_relaxed) != phase::waiting; });
}

void producer::drain() {
  const time_point since = clock::now();
  while (has_waits() || !errands_.all_done()) {
    for (use& u : uses_) (void)settle(u);
    for (waiter& w : waiters_) attend(w, false);
    if (!patient(since, "a wait or an operation")) return;
  }
  for (use& u : uses_) write_late(u);
  errands_.settle();
}

bool producer::patient(time_point since, const char* what) {
  if (shared_.wrong.any()) return false;
  if (clock::now() - since > patience) {
    shared_.wrong.add(fmt::format("{} has not come to its end in {} s", what, patience.count()));
    return false;
  }
  serve();
  std::this_thread::yield();
  return true;
}

}  // namespace chime::soak
