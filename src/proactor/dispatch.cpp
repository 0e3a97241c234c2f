// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// From a waiter that was taken to its callback. What is read of a waiter is read before the callback runs; after that
/// neither the waiter nor its work is touched, since both may be gone or submitted again.
#include <cerrno>

#include "backend/drain.hpp"
#include "error/system.hpp"
#include "proactor/loop.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace {

/// The holder's view of an outcome.
[[nodiscard]] std::error_code error_of(word_value outcome, const kernel_work* work) noexcept {
  if (outcome.phase() == phase::fired) return {};
  if (outcome.refused()) return make_error_code(fault::waits_exhausted);
  if (work == nullptr) return system_error(ECANCELED);
  if (work->timed_out) return system_error(ETIMEDOUT);
  if (reads(work->policy)) {
    if (work->value == -EINVAL) return make_error_code(fault::handle_misfit);
    if (work->value == -ECANCELED) return make_error_code(fault::clock_set);  // the kernel's word for it
  }
  return system_error(work->value < 0 ? -work->value : ECANCELED);
}

/// Timers and posts have no work for the kernel; native events always do (start() fills in what).
[[nodiscard]] bool kernel_has_a_part(const waiter& w, const kernel_work* work) noexcept {
  if (work == nullptr) return false;
  return !w.is_operation() || (work->wanted != request::timer && work->wanted != request::post);
}

}  // namespace

bool loop::dispatch(waiter& w) noexcept {
  kernel_work* work = work_of(w);
  if (w.word.peek().phase() == phase::queued && !begin(w, work)) return false;
  if (work != nullptr && !kernel_part_is_over(w, *work)) return false;
  deliver(w, work);
  return true;
}

/// What only the loop can do for a submitted wait. True: it has an outcome by now. False: it is armed, or comes again.
/// The kernel's part starts while the word is still queued, so that nobody else puts the waiter into a list meanwhile.
bool loop::begin(waiter& w, kernel_work* work) noexcept {
  if (w.is_operation() && work->wanted == request::post) {
    (void)w.word.decide(phase::fired);  // fails if it was cancelled: an outcome too
    return true;
  }
  if (kernel_has_a_part(w, work)) {
    const int started = start(w, *work);
    if (started == -EAGAIN) return !keep_unstarted(w, *work);
    if (started > 0 && reads(work->policy) && w.word.begin_reading()) {
      if (read(static_cast<operation_state&>(w))) return true;
      return !keep_unstarted(w, *work);  // not at once, since it may be called ready at once again
    }
    if (started != 0) {
      // A signal or cancel that came first stands, and the failure is of no interest then.
      if (!w.word.decide(started < 0 ? phase::stopped : phase::fired)) work->value = 0;
      return true;
    }
  }
  if (!w.word.arm()) return true;
  if (w.deadline.get() != never) timers.insert(w);
  return false;
}

/// False: its deadline has passed, which nothing else would tell it, since timers are for what is armed. (If it was cancelled,
/// the next look finds that.)
bool loop::keep_unstarted(waiter& w, kernel_work& work) noexcept {
  if (w.deadline.get() != never && w.deadline.get() <= clock::now() && w.word.decide(phase::stopped)) {
    work.timed_out = work.cancelled = true;
    return false;
  }
  unstarted.push_back(w);
  return true;
}

void loop::deliver(waiter& w, kernel_work* work) noexcept {
  // Before finish(): from then on the word says that the wait is over, and a holder elsewhere may look at it.
  timers.remove(w);
  const word_value outcome = w.word.finish();
  const std::error_code error = error_of(outcome, work);
  if (work != nullptr) {
    work->value = 0;
    work->cancelled = work->timed_out = false;
    if (error && w.is_operation()) static_cast<operation_state&>(w).taken = 0;
  }
  complete(w, error);
}

void loop::complete(waiter& w, std::error_code error) noexcept {
  void* const context = w.context.get();
  const auto function = w.function.get();
  if (w.is_operation()) {
    ++finished_operations;
    reinterpret_cast<callback::function>(function)(context, completion{error, event{}});
    return;
  }
  auto& c = static_cast<cell&>(w);
  if (auto* other_language = c.its_page().header.complete; other_language != nullptr) {
    other_language(c, error);
    return;
  }
  reinterpret_cast<callback::function>(function)(context, completion{error, cell::hand_out(c)});
}

std::size_t loop::expire(std::size_t most) noexcept {
  std::size_t ran = 0;
  if (timers.empty()) return ran;
  const time_point now = clock::now();
  while (ran < most) {
    waiter* const due = timers.take_due(now);
    if (due == nullptr) break;
    waiter& w = *due;
    kernel_work* work = work_of(w);
    if (work == nullptr) {
      if (!w.word.expire()) continue;  // signalled or cancelled: that completion is on its way
      complete(w, system_error(ETIMEDOUT));
    } else if (w.is_operation() && work->wanted == request::timer) {
      if (!w.word.decide(phase::fired)) continue;
      deliver(w, work);
    } else {
      if (!w.word.decide(phase::stopped)) continue;
      work->timed_out = work->cancelled = true;
      if (!stop(*work)) continue;  // finished() brings it back
      deliver(w, work);
    }
    ++ran;
  }
  return ran;
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
