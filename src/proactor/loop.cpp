// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "proactor/loop.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace {

/// now + timeout, or never if that is beyond all time or the timeout is negative.
[[nodiscard]] time_point end_of(std::chrono::nanoseconds timeout) noexcept {
  if (timeout.count() < 0) return never;
  if (timeout.count() == 0) return time_point::min();
  const time_point now = clock::now();
  return timeout > never - now ? never : now + timeout;
}

}  // namespace

loop::~loop() {
  if (kernel != nullptr) kernel->~backend();
}

std::error_code loop::in_use() const noexcept {
  if (polling) return make_error_code(fault::polling);
  // Acquire: pairs with the release in the pool's close: what it did to this loop is done.
  if (pools.load(std::memory_order_acquire) != 0) return make_error_code(fault::pools_open);
  // Relaxed: a submit that close() must know of happened before it, by whatever the caller synchronises with.
  if (submitted.load(std::memory_order_relaxed) != finished_operations)
    return make_error_code(fault::operations_in_flight);
  return {};
}

void loop::settle() noexcept {
  end_guests_sleep();
  // The debtor is between its push and its ring: a few instructions, unless it was preempted.
  while (!in.queue.settled()) std::this_thread::yield();
}

std::error_code loop::enter() noexcept {
  const std::uint64_t me = sync::this_thread();
  // Relaxed: only the thread that bound itself can find its own number here.
  std::uint64_t bound = polling_thread.load(std::memory_order_relaxed);
  if (bound == me) return polling ? make_error_code(fault::polling) : std::error_code{};
  // Here, since the thread of a child has a new number, and so never gets past the line above.
  check_process();
  // Acquire: the winner takes over the loop's fields from whoever opened it (and from an earlier failed bind below).
  if (bound != 0 ||
      !polling_thread.compare_exchange_strong(bound, me, std::memory_order_acquire, std::memory_order_relaxed)) {
    return make_error_code(fault::second_polling_thread);
  }
  const std::error_code failed = kernel->bind();
  // Release: pairs with the acquire above, in whichever thread tries next.
  if (failed) polling_thread.store(0, std::memory_order_release);
  return failed;
}

void loop::collect(ready_queue::taken got) noexcept {
  woken = woken || got.woken;
  if (const unsigned count = taken.append_reversed(got.newest); count != 0) pace.took(count);
}

std::size_t loop::run_taken(std::size_t most) noexcept {
  std::size_t ran = 0;
  while (ran < most && !taken.empty()) ran += dispatch(taken.pop_front()) ? 1U : 0U;
  return ran;
}

/// One round of everything that does not block: at most `batch` completions. Due timers come first but get only half of
/// it, and the kernel is looked at before the queue's rest is run, so that none of the three can starve another. The look
/// may be left out if nothing ran and the caller looks next: it would hand over to the kernel what the sleep hands over in
/// the same call.
std::error_code loop::turn(std::size_t& ran, bool may_skip_look) noexcept {
  ran = expired = expire(batch - batch / 2);
  pace.wait();
  collect(in.queue.take());
  ran += run_taken(batch - ran);
  std::error_code failed;
  if (ran != 0 || !may_skip_look || !unstarted.empty()) {
    // Between two calls of a guest lies a turn of its host, so it looks each time.
    failed = look(ran != 0 && !guest);
    ran += run_taken(batch - ran);
  }
  put_off.run_all();
  return failed;
}

/// Looks again and again for a while, if that has paid lately. True: do not sleep, there is something.
bool loop::spin(time_point until, std::error_code& failed) noexcept {
  // Work that the backend had no room for is tried again by whoever looks, which a spin would do all the time.
  if (!unstarted.empty() || !spinning.should_spin()) return false;
  const time_point begin = clock::now();
  const time_point end = std::min({until, timers.next(), begin + spinning.longest()});
  if (end <= begin) return false;
  time_point look_at = begin;
  for (time_point now = begin; now < end; now = clock::now()) {
    if (active != 0 && now >= look_at) {
      failed = look(false);
      if (!taken.empty()) spinning.succeeded();
      if (failed || !taken.empty()) return true;
      // A look that is a system call costs more than a few turns of this loop.
      if (!kernel->looks_cheaply()) look_at = now + std::chrono::microseconds(20);
    }
    if (!in.queue.is_empty()) {
      spinning.succeeded();
      return true;
    }
    sync::relax_cpu();
  }
  spinning.failed();
  return false;
}

/// `looked`: whether it got as far as the kernel.
std::error_code loop::sleep(time_point until, bool& looked) noexcept {
  until = std::min(until, timers.next());
  // Work that the backend had no room for is tried again soon, whatever else happens.
  if (!unstarted.empty()) until = std::min(until, clock::now() + std::chrono::milliseconds(1));
  std::int64_t timeout_ns = -1;
  if (until != never) {
    const time_point now = clock::now();
    if (until <= now) return {};  // due already; the next turn sees to it
    timeout_ns = std::chrono::nanoseconds(until - now).count();
  }
  check_process();
  if (!in.queue.fall_asleep()) return {};
  count(sleeps);
  const time_point begin = clock::now();
  const std::error_code failed = kernel->wait(timeout_ns);
  looked = true;
  spinning.slept(clock::now() - begin);
  wake_up();
  return failed;
}

void loop::wake_up() noexcept {
  const std::uint64_t ended_before = in.queue.ended();
  collect(in.queue.wake_up());
  count(wakeups, in.queue.ended() - ended_before);
}

result<std::size_t> loop::poll(std::chrono::nanoseconds timeout) noexcept {
  if (guest) return std::unexpected(make_error_code(fault::driven_by_host));
  if (const std::error_code refused = enter()) return std::unexpected(refused);
  if (untold) return std::unexpected(std::exchange(untold, {}));
  polling = true;
  woken = false;
  const time_point until = end_of(timeout);
  std::size_t ran = 0;
  std::error_code failed = turn(ran, timeout.count() != 0);
  while (ran == 0 && !woken && !failed && timeout.count() != 0 && (until == never || clock::now() < until)) {
    bool looked = false;
    if (taken.empty() && !spin(until, failed)) failed = sleep(until, looked);
    if (!failed) failed = turn(ran, looked);
  }
  count(completions, ran);
  polling = false;
  if (failed && ran == 0) return std::unexpected(failed);
  // Completions that ran are told even if the kernel failed afterwards; the next poll tells the failure, which need not last
  // (EBADR: the kernel says once that it has dropped a completion).
  untold = failed;
  return ran;
}

result<void> loop::run() noexcept {
  if (guest) return std::unexpected(make_error_code(fault::driven_by_host));
  // Acquire: pairs with the release in stop(); taken back, so that the loop can run again. The load before it saves the
  // locked exchange; it cannot miss a stop(), whose wake() the poll before it has acquired.
  while (!stopping.load(std::memory_order_relaxed) || !stopping.exchange(false, std::memory_order_acquire)) {
    if (const auto polled = poll(std::chrono::nanoseconds(-1)); !polled) return std::unexpected(polled.error());
  }
  return {};
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
