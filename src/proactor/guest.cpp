// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The loop as a guest of another one: what poll() does in one call, in steps that never block. Between two steps the
/// queue's word says "asleep", so that the first push rings the doorbell, and the host sleeps on the backend's handle.
///
/// Calls come from several threads, one after the other: each claims the loop as the polling thread and lets it go again,
/// so that no thread can take itself for the polling thread after its call (release of events asks that).
#include <algorithm>
#include <utility>

#include "proactor/loop.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

std::error_code loop::enter_as_guest() noexcept {
  check_process();
  const std::uint64_t me = sync::this_thread();
  std::uint64_t inside = 0;
  // Acquire: pairs with the release at the end of guest_poll(): the loop's fields are as the last call left them.
  if (!polling_thread.compare_exchange_strong(inside, me, std::memory_order_acquire, std::memory_order_relaxed)) {
    return make_error_code(inside == me ? fault::polling : fault::second_polling_thread);
  }
  std::error_code refused;
  if (as_guest.kernel_thread == 0) {
    refused = kernel->bind();
    if (!refused) as_guest.kernel_thread = me;
  } else if (kernel->stays_with_thread() && as_guest.kernel_thread != me) {
    refused = make_error_code(fault::second_polling_thread);
  }
  if (refused) polling_thread.store(0, std::memory_order_release);
  return refused;
}

result<time_point> loop::guest_poll() noexcept {
  if (!guest) return std::unexpected(make_error_code(fault::not_a_guest));
  if (const std::error_code refused = enter_as_guest()) return std::unexpected(refused);
  polling = true;
  const result<time_point> next = guest_turn();
  polling = false;
  // Release: pairs with the acquire of the next call's claim.
  polling_thread.store(0, std::memory_order_release);
  return next;
}

result<time_point> loop::guest_turn() noexcept {
  if (untold) return std::unexpected(std::exchange(untold, {}));
  end_guests_sleep();
  woken = false;
  std::size_t ran = 0;
  std::error_code failed = turn(ran, !as_guest.lingering);
  const bool lingering = lingers(ran - expired);
  // Never asleep right after completions: most hosts do what follows from them when this call has returned, and the first new
  // wait with a deadline would have to ring. The next call takes it in. (And what follows need not wait for the look.)
  bool awake = failed || ran != 0 || lingering || !taken.empty();
  if (!awake) {
    failed = look_before_sleep(ran);
    awake = failed || ran != 0 || !taken.empty();
  }
  count(completions, ran);
  if (failed && ran == 0) return std::unexpected(failed);
  untold = failed;
  return awake ? time_point::min() : fall_asleep_as_guest();
}

/// Whether to come again before falling asleep, since sleeps have been short lately. `came`: completions of this call that a
/// sleep might have missed, those of deadlines not counted.
bool loop::lingers(std::size_t came) noexcept {
  if (spinning.longest().count() <= 0) return false;
  if (came != 0) {
    if (as_guest.lingering) spinning.succeeded();
    as_guest.lingering = spinning.should_spin();
    if (as_guest.lingering) as_guest.linger_until = clock::now() + spinning.longest();
    return as_guest.lingering;
  }
  if (!as_guest.lingering || (expired == 0 && clock::now() < as_guest.linger_until)) return as_guest.lingering;
  as_guest.lingering = false;
  spinning.failed();
  return false;
}

/// Takes the doorbell's last ring off the handle, besides what the kernel has to report.
std::error_code loop::look_before_sleep(std::size_t& ran) noexcept {
  check_process();
  count(looks);
  const std::error_code failed = kernel->wait(0);
  ran += run_taken(batch - ran);
  put_off.run_all();
  return failed;
}

/// Until when the host may sleep. min(): not at all, something was pushed meanwhile.
time_point loop::fall_asleep_as_guest() noexcept {
  time_point until = timers.next();
  // Work that the backend had no room for, or that the kernel has not got (it refused it for a moment, or the last look itself
  // has started it), is tried again soon, whatever else happens: it cannot wake anybody.
  if (!unstarted.empty() || kernel->owes()) until = std::min(until, clock::now() + std::chrono::milliseconds(1));
  if (until == time_point::min() || !in.queue.fall_asleep()) return time_point::min();
  count(sleeps);
  as_guest.asleep = true;
  if (spinning.longest().count() > 0) as_guest.asleep_since = clock::now();
  return until;
}

void loop::end_guests_sleep() noexcept {
  if (!as_guest.asleep) return;
  as_guest.asleep = false;
  wake_up();
  if (spinning.longest().count() > 0) spinning.slept(clock::now() - as_guest.asleep_since);
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
