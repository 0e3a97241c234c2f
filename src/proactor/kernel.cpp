// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The loop's side of kernel work: who starts it, who ends it, and what its result means for the wait. A wait with
/// kernel work has two parties that can end it, so it is delivered only when both have been heard.
#include <algorithm>
#include <cerrno>

#include "backend/drain.hpp"
#include "event/native.hpp"
#include "proactor/loop.hpp"
#include "sync/tsan_bridge.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace {

/// Polls between two looks at a kernel for which looking costs a system call, while completions flow.
constexpr unsigned polls_between_looks = 64;

[[nodiscard]] bool is_stopped(phase p) noexcept { return p == phase::stopped || p == phase::stopped_signalled; }

/// The read took a signal after the wait was stopped. It is kept for the next wait, so it goes back into the primitive,
/// where others may poll for it. (A foreign one must be marked in the word first; a ticket has done that itself.)
void give_back_signal(event_word& word, native_state& native) noexcept {
  if (native.shared) word.keep_signal();
  if (word.peek().phase() == phase::stopped_signalled && write_primitive(native.handles)) --native.consumed;
}

}  // namespace

kernel_work* work_of(waiter& w) noexcept {
  if (w.is_operation()) return &static_cast<operation_state&>(w).work;
  native_state* native = static_cast<cell&>(w).native();
  return native == nullptr ? nullptr : &native->work;
}

int loop::start(waiter& w, kernel_work& work) noexcept {
  check_process();  // here, in stop(), look() and sleep(): a child that returns from its callback is still inside poll
  if (!w.is_operation()) {
    work.handle = static_cast<cell&>(w).native()->handles.read;
    work.wanted = request::drain;
  }
  work.owner = &w;
  work.value = check_kind(work.policy, work.handle);
  if (work.value != 0) return work.value;
  const int started = kernel->start(work);
  if (started == 0) {
    work.active = true;
    ++active;
  } else {
    // No room now is no outcome: what decides while the waiter is kept for another try must not be told of it.
    work.value = started == -EAGAIN ? 0 : std::min(started, 0);
  }
  return started;
}

bool loop::stop(kernel_work& work) noexcept {
  check_process();
  if (!kernel->stop(work)) return false;
  work.active = false;
  work.value = 0;
  --active;
  return true;
}

bool loop::kernel_part_is_over(waiter& w, kernel_work& work) noexcept {
  const bool stopped = is_stopped(w.word.peek().phase());
  // This is either the canceller's push or our own doing: nobody will push the waiter again.
  if (stopped) work.cancelled = true;
  if (work.active) return stopped && stop(work);
  if (stopped || w.is_operation() || work.value > 0) return true;
  // A native event that was signalled before its wait reached the kernel: the signal lies in the primitive, and must
  // not be found by the next wait. If the signaller has not written yet, the next acquire (or wait) reads it instead.
  auto& native = *static_cast<cell&>(w).native();
  if (native.shared || static_cast<std::int32_t>(native.waiting()) > 0) {
    native.consumed += static_cast<std::uint32_t>(read_empty(native.handles));
  }
  return true;
}

/// The kernel has ended its part. What that means is decided by the word, in which signal, cancel and deadline may have
/// come first; the waiter is delivered now unless a canceller's push is still to come.
void loop::finished(kernel_work& work, int result) noexcept {
  work.active = false;
  --active;
  if (result >= 0 && work.wanted != request::writable) order_after_writes(work.handle);
  waiter& w = *work.owner;
  // Whoever has stopped it first is told so, and nothing is read then; from the claim on, what is read is told.
  if (result >= 0 && reads(work.policy) && w.word.begin_reading()) {
    if (!read(static_cast<operation_state&>(w))) timers.remove(w);
    taken.push_back(w);
    return;
  }
  native_state* native = w.is_operation() ? nullptr : static_cast<cell&>(w).native();
  const bool drained = native != nullptr && result > 0;
  if (drained) native->account_for(result);
  // No ticket has fired an armed wait, and nobody else has the handle: what was read is a write of an earlier wait of
  // this use. Wait again.
  if (drained && !native->shared && w.word.requeue()) {
    timers.remove(w);
    taken.push_back(w);
    return;
  }
  // A drain of no bytes cannot happen while the pool holds the write end; it must not pass for a signal if it does.
  work.value = native != nullptr && result == 0 ? -EPIPE : result;
  // A failure stops the wait, so that a signal that comes before the delivery is kept.
  if (w.word.decide(work.value < 0 ? phase::stopped : phase::fired)) {
    work.cancelled = true;  // by us: there is no canceller whose push would come
  } else {
    work.value = std::max(work.value, 0);  // what decided before the kernel's failure stands
    if (drained) give_back_signal(w.word, *native);
    if (is_stopped(w.word.peek().phase()) && !work.cancelled) return;  // the canceller's push brings it
  }
  taken.push_back(w);
}

bool loop::read(operation_state& op) noexcept {
  kernel_work& work = op.work;
  const int failed = read_ready(work.policy, work.handle, op.taken);
  if (failed == -EAGAIN && op.word.read_nothing()) return false;
  work.value = failed == -EAGAIN ? 0 : failed;
  work.cancelled = true;  // nobody will push it: a cancel that comes too late does not
  op.word.end_reading(failed < 0 ? phase::stopped : phase::fired);
  return true;
}

std::error_code loop::look(bool ran_something) noexcept {
  if (active == 0 && unstarted.empty()) return {};
  if (!kernel->looks_cheaply() && ran_something && ++polls_since_look < polls_between_looks) return {};
  check_process();
  polls_since_look = 0;
  count(looks);
  const std::size_t active_before = active;
  const std::error_code failed = kernel->wait(0);
  // There may be more where that came from: look again in the next poll.
  if (active != active_before) polls_since_look = polls_between_looks;
  taken.append(unstarted);
  return failed;
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
