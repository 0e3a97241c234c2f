// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "world.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace chime::simulation {

using std::chrono::nanoseconds;

world::world(simulation& s) : s_(s) {
  uses_.reserve(most_uses);
  for (unsigned i = 0; i < operations_.size(); ++i) {
    operations_[i].id = i;
    operations_[i].op.emplace();
  }
  for (int& socket : sockets_) socket = s_.os.make_socket();
  for (imported& i : imports_) i.handle = s_.os.make_import();
}

void world::open() {
  constexpr std::string_view names[] = {"", "io_uring", "io_uring", "epoll", "epoll", "poll"};
  proactor_options options;
  options.backend = names[one_of(std::size(names))];
  options.spin = nanoseconds(s_.random.below(4) == 0 ? s_.random.between(0, 20'000) : 0);
  options.batch = static_cast<unsigned>(1 + s_.random.between(0, 63));
  options.guest = options.backend != "poll" && s_.random.below(4) == 0;
  guest_ = options.guest;
  options.memory = s_.heap.get();
  const auto faulty = s_.how;
  for (int tries = 0; !loop_.open(options); ++tries) {
    s_.note(step::loop_open_failed);
    require(s_.heap.blocks_out() == 0 && s_.os.open_numbers() == sockets_.size() + imports_.size(),
            "a failed open left something behind", s_.heap.blocks_out(), s_.os.open_numbers());
    if (tries == 2) s_.how.calm();
  }
  s_.how = faulty;
  kernel_tells_ = loop_.backend() == "io_uring";
  s_.note(kernel_tells_                ? step::opened_on_simulated
          : loop_.backend() == "epoll" ? step::opened_on_epoll
                                       : step::opened_on_poll);
  if (guest_) s_.note(step::opened_as_guest);
  s_.runs = this;
  for (pool_use& p : pools_) {
    if (!p.open) open_pool(p);
  }
}

void world::run() {
  for (std::uint32_t round = 0; round < s_.how.rounds && !s_.is_long(); ++round) {
    const std::uint32_t acts = s_.random.below(s_.how.acts_per_round + 1);
    for (std::uint32_t i = 0; i < acts; ++i) thread_acts(one_of(producers + 1), false);
    thread_acts(0, true);
  }
}

void world::thread_acts(unsigned thread, bool polls) {
  busy_[thread] = true;
  s_.become(thread);
  if (polls) {
    poll_once();
  } else {
    act();
  }
  busy_[thread] = false;
}

/// The polling thread may be the other one: then a poll runs in the middle of what somebody else is doing.
bool world::other_thread_acts() {
  const unsigned first = one_of(producers + 1);
  for (unsigned i = 0; i <= producers; ++i) {
    const unsigned k = (first + i) % (producers + 1);
    if (busy_[k]) continue;
    thread_acts(k, k == 0 && one_of(2) == 0);
    // A loop that finds something at every look need never sleep.
    if (polling_ && ++looks_ % patience == 0) wake_sleeper();
    return true;
  }
  return false;
}

void world::act() {
  const auto& weights = s_.how.weights;
  unsigned left = one_of(std::accumulate(weights.begin(), weights.end(), 0U));
  std::size_t chosen = 0;
  while (left >= weights[chosen]) left -= weights[chosen++];
  perform(static_cast<action>(chosen));
}

void world::perform(action a) {
  using enum event_use::place;
  ++acts_;
  const auto with = [this](event_use* u, void (world::*f)(event_use&)) {
    if (u != nullptr) (this->*f)(*u);
  };
  pool_use& some_pool = pools_[one_of(pools_.size())];
  const bool usable = some_pool.open && !some_pool.in_close;
  switch (a) {
    case action::acquire:
      return acquire();
    case action::release:
      return with(pick(at_rest), &world::release);
    case action::submit:
      return with(pick(at_rest), &world::submit);
    case action::signal:
      return with(pick_ticket(), &world::signal);
    case action::cancel:
      return with(pick_ticket(), &world::cancel);
    case action::block:
      return with(pick(at_rest), &world::block);
    case action::show_handle:
      return with(pick(at_rest), &world::show_handle);
    case action::write_foreign:
      return with(pick_ticket(), &world::write_foreign);
    case action::submit_operation:
      return submit_operation();
    case action::cancel_operation:
      return cancel_operation(operations_[one_of(operations_.size())]);
    case action::change_socket:
      return one_of(2) == 0 ? change_socket() : change_import();
    case action::replace_socket:
      return replace_socket();
    case action::use_cache:
      return use_cache();
    case action::wake:
      s_.note(step::woken);
      ++wakes_;
      return loop_.wake();
    case action::stop:
      s_.note(step::stopped);
      ++wakes_;
      return loop_.stop();
    case action::cancel_all:
      return usable ? cancel_all(some_pool) : void();
    case action::trim:
      if (!usable) return;
      s_.note(step::trimmed);
      ++some_pool.calls;
      some_pool.pool.trim();
      --some_pool.calls;
      return;
    case action::look_at_stats:
      return usable ? look_at_stats(some_pool) : void();
    case action::reopen_pool:
      return reopen_pool();
    case action::count:
      return;
  }
}

event_use* world::pick(event_use::place where) {
  if (uses_.empty()) return nullptr;
  for (int tries = 0; tries < 8; ++tries) {
    event_use& u = uses_[one_of(uses_.size())];
    if (u.where == where && !u.dead && !pool_of(u).in_close) return &u;
  }
  return nullptr;
}

/// One that somebody has a ticket of: mostly of the present uses.
event_use* world::pick_ticket() {
  if (uses_.empty()) return nullptr;
  const bool any = s_.random.chance(s_.how.late_tickets);
  for (int tries = 0; tries < 8; ++tries) {
    event_use& u = uses_[one_of(uses_.size())];
    if (!u.dead && !pool_of(u).in_close && (any || u.where != event_use::place::gone)) return &u;
  }
  return nullptr;
}

nanoseconds world::drawn_timeout() {
  switch (one_of(4)) {
    case 0:
      return nanoseconds(0);
    case 1:
      return nanoseconds(-1);
    default:
      return nanoseconds(s_.random.between(1, 5'000'000));
  }
}

void world::poll_once() {
  if (!guest_ && one_of(16) == 0) return run_until_stop();
  poll_checked(drawn_timeout());
}

void world::poll_checked(nanoseconds timeout) {
  ++acts_;
  s_.note(step::polled, timeout.count());
  const std::int64_t begin = s_.os.now_ns();
  const std::uint64_t ran = completions_;
  const std::uint64_t wakes = wakes_before_ = wakes_;
  const std::uint64_t failed = waits_failed();
  polling_ = true;
  looks_ = 0;
  const result<std::size_t> polled = guest_ ? poll_by_host(timeout) : loop_.poll(timeout);
  polling_ = false;
  if (told_of_earlier_failure(!polled.has_value())) return;  // it has done nothing else
  check_poll(polled, timeout, begin, ran, failed);
  if (polled && waits_failed() != failed) untold_ = owed::must;
  wakes_seen_ = wakes;  // later ones may have come after its last look
}

/// What a host does with a guest, until that comes to what poll() does.
result<std::size_t> world::poll_by_host(nanoseconds timeout) {
  const std::int64_t end = timeout.count() < 0 ? kernel::for_ever : s_.os.now_ns() + timeout.count();
  const std::uint64_t ran_before = completions_;
  for (;;) {
    const result<time_point> next = loop_.guest_poll();
    if (!next) return std::unexpected(next.error());
    const std::uint64_t ran = completions_ - ran_before;
    const std::int64_t now = s_.os.now_ns();
    if (ran != 0 || wakes_ != wakes_seen_ || now >= end) return static_cast<std::size_t>(ran);
    if (*next == time_point::min()) continue;
    const std::int64_t until = *next == never ? end : std::min(end, next->time_since_epoch().count());
    if (until <= now) continue;
    s_.note(step::host_slept);
    sleeper& handle = kernel_tells_ ? *s_.os.told : s_.readiness;
    (void)s_.os.sleep(handle, until == kernel::for_ever ? -1 : until - now);
  }
}

std::uint64_t world::waits_failed() const { return s_.log.counts()[static_cast<std::size_t>(step::wait_failed)]; }

/// A failure of the kernel in a poll that ran completions is told by the next one.
bool world::told_of_earlier_failure(bool failed) {
  const owed expected = std::exchange(untold_, owed::nothing);
  require(failed || expected != owed::must, "a failure of the kernel is not told");
  if (failed && expected != owed::nothing) s_.note(step::poll_failed);
  return failed && expected != owed::nothing;
}

void world::check_poll(const result<std::size_t>& polled, nanoseconds timeout, std::int64_t begin_ns,
                       std::uint64_t ran_before, std::uint64_t failed_before) {
  const std::uint64_t ran = completions_ - ran_before;
  if (!polled) {
    s_.note(step::poll_failed);
    require(waits_failed() != failed_before, "a poll fails without cause", polled.error().value());
    require(ran == 0, "a poll that fails has run completions", static_cast<std::int64_t>(ran));
    return;
  }
  require(*polled == ran, "a poll tells another number of completions than it ran", static_cast<std::int64_t>(*polled),
          static_cast<std::int64_t>(ran));
  const bool time_is_over = timeout.count() >= 0 && s_.os.now_ns() - begin_ns >= timeout.count();
  require(ran != 0 || wakes_ != wakes_seen_ || time_is_over, "a poll returns early with nothing",
          s_.os.now_ns() - begin_ns, timeout.count());
}

void world::run_until_stop() {
  s_.note(step::ran_until_stop);
  const std::uint64_t failed = waits_failed();
  const std::uint64_t ran = completions_;
  polling_ = running_ = true;
  looks_ = 0;
  const result<void> ended = loop_.run();
  polling_ = running_ = false;
  const bool earlier = untold_ != owed::nothing;
  if (!ended) {
    s_.note(step::poll_failed);
    require(earlier || waits_failed() != failed, "a run fails without cause", ended.error().value());
    untold_ = owed::nothing;
  } else if (earlier || waits_failed() != failed) {
    untold_ = owed::may;  // unless its stop came first, it would have failed
  }
  s_.note(step::polled, static_cast<std::int64_t>(completions_ - ran));
}

void world::wake_sleeper() {
  s_.become(outside);
  ++acts_;
  ++wakes_;
  if (running_) {
    s_.note(step::stopped);
    loop_.stop();
  } else {
    s_.note(step::woken);
    loop_.wake();
  }
  s_.become(0);
}

void world::signal_blocked() {
  const unsigned me = s_.thread();
  s_.become(outside);
  ++acts_;
  signal(*blocked_.back());
  s_.become(me);
}

/// A sleep must end before the next deadline. (Work that found no room is tried again every millisecond, so its deadline may
/// be that late; likewise a drain that was ready at once, and found nothing.)
void world::sleeps(std::int64_t now_ns, std::int64_t end_ns) {
  require(running_ || wakes_ == wakes_before_, "a poll sleeps although it was woken");
  if (guest_) {  // the host has reckoned from now
    const std::int64_t since = s_.os.now_ns() - std::exchange(now_ns, s_.os.now_ns());
    if (end_ns != kernel::for_ever) end_ns += since;
  }
  const auto happened = [&](step what) { return s_.log.counts()[static_cast<std::size_t>(what)] != 0; };
  const bool tries_again = happened(step::no_room) || happened(step::ready_at_once);
  const std::int64_t grace = tries_again || s_.how.lacks_pwait2 ? 1'000'000 : 0;
  const auto check = [&](const wait_account& w, std::int64_t id) {
    if (!w.flying || w.is_decided() || w.due_ns <= now_ns) return;
    require(end_ns <= w.due_ns || (end_ns != kernel::for_ever && end_ns - grace <= w.due_ns),
            "the loop sleeps beyond a deadline", id, end_ns - w.due_ns);
  };
  for (const event_use& u : uses_) {
    // Else its outcome may stand, and only the kernel's report be missing.
    if (u.pending() == 0 && u.signalling == 0 && u.foreign == 0) check(u.wait, u.id);
  }
  for (const operation_use& o : operations_) check(o.wait, o.id);
  if (!s_.calm && ++looks_ % patience == 0) wake_sleeper();
}

void world::kernel_said(const detail::kernel_work& work, int result) {
  if (work.wanted == detail::request::drain) {
    if (result < 0) ++kernel_errors_;
    return;
  }
  const auto address = reinterpret_cast<std::uintptr_t>(&work);
  for (operation_use& o : operations_) {
    const auto begin = reinterpret_cast<std::uintptr_t>(&*o.op);
    if (address < begin || address >= begin + sizeof(operation)) continue;
    require(o.wait.flying, "the kernel works for an operation that is not in flight", o.id);
    // What a drain was told of, another may have read; then it asks again.
    require(!o.kernel_said || (o.is == operation_use::kind::drain && *o.kernel_said == 0),
            "the kernel is asked again after it has told", o.id);
    o.kernel_said = result;
    return;
  }
  require(false, "the kernel works for no operation");
}

std::int64_t world::outstanding() const {
  const auto flies = [](const auto& x) { return x.wait.flying; };
  return std::ranges::count_if(uses_, flies) + std::ranges::count_if(operations_, flies);
}

}  // namespace chime::simulation
