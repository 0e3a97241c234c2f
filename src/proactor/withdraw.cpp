// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Ends a wait without a completion, before the memory of whoever waits goes. A waiter is then in one of the loop's lists, or
/// on its way into one (the winner of its word is between swap and push; the kernel has not reported its work), or in none,
/// since it was armed until now. It is taken in hand from wherever it is, and then goes the way of dispatch(), but for its
/// callback.
#include <thread>

#include "proactor/loop.hpp"
#include "sync/misuse.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

word_value loop::withdraw(waiter& w) noexcept {
  kernel_work* const work = work_of(w);
  // Whoever stops an armed wait has it in hand, since nobody else will put it into a list.
  bool in_hand = w.word.cancel(w.word.peek().generation()) == cancel_effect::push;
  while (!in_hand || (work != nullptr && !kernel_part_is_over(w, *work))) {
    in_hand = take_out(w);
    if (!in_hand) await_report(work);
  }
  timers.remove(w);
  const word_value outcome = w.word.finish();
  if (work != nullptr) {
    work->value = 0;
    work->cancelled = work->timed_out = false;
  }
  if (w.is_operation()) ++finished_operations;
  return outcome;
}

/// Whether it was in one of the lists.
bool loop::take_out(waiter& w) noexcept {
  const ready_queue::taken got = in.queue.take();
  taken.append_reversed(got.newest);
  if (got.woken) in.wake();  // is meant for a poll
  return taken.remove(w) || unstarted.remove(w);
}

/// Lets happen what brings the waiter into a list: the kernel's report, or another thread's push.
void loop::await_report(const kernel_work* work) noexcept {
  if (work != nullptr && work->active) {
    if (kernel->wait(0)) misuse("the kernel failed while the wait of a destroyed coroutine was withdrawn");
    if (!work->active) return;
  }
  std::this_thread::yield();
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
