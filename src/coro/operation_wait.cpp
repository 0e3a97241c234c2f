// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A coroutine that waits for a time, a handle, or a turn of the loop: one operation in its frame, and a timer beside it for
/// the deadline of a handle.
///
/// Threads: as in event_wait.cpp. What takes more than one submit (a stop token, a deadline) begins with a post, which brings
/// it to the polling thread, by the same operation.
#include <cerrno>

#include "chime/coro.hpp"
#include "coro/polling_claim.hpp"
#include "error/system.hpp"

namespace chime {
inline namespace v1 {
namespace detail {

bool operation_wait::is_here() const noexcept {
  const loop* const l = loop_access::of(*wanted_.loop);
  return l != nullptr && l->is_polling_here();
}

void operation_wait::await_suspend(std::coroutine_handle<> frame) noexcept {
  frame_ = frame;
  const bool has_deadline = wanted_.what == kind::handle && wanted_.when != never;
  const bool one_touch = !has_deadline && !wanted_.stop.stop_possible();
  const loop* const l = loop_access::of(*wanted_.loop);
  if (one_touch || (l != nullptr && is_bound_here(*l))) {
    start();
  } else {
    wanted_.loop->submit(main_, callback::to<&operation_wait::started_on_loop>(*this));
  }
}

void operation_wait::started_on_loop(completion&&) noexcept { start(); }

/// Without a deadline of a handle and a stop token, the first submit may be the last touch of the frame.
void operation_wait::start() noexcept {
  const bool has_deadline = wanted_.what == kind::handle && wanted_.when != never;
  const bool may_stop = wanted_.stop.stop_possible();
  pending_ = has_deadline ? 2 : 1;
  submit();
  if (has_deadline) {
    wanted_.loop->submit(deadline_, callback::to<&operation_wait::deadline_ended>(*this), wanted_.when);
  }
  if (may_stop) stopper_.emplace(wanted_.stop, stopper{this});
}

void operation_wait::submit() noexcept {
  const callback done = callback::to<&operation_wait::main_ended>(*this);
  switch (wanted_.what) {
    case kind::turn:
    case kind::here:
      wanted_.loop->submit(main_, done);
      break;
    case kind::time:
      wanted_.loop->submit(main_, done, wanted_.when);
      break;
    case kind::handle:
      wanted_.loop->submit(main_, done, wanted_.handle, wanted_.wanted);
      break;
  }
}

void operation_wait::main_ended(completion&& done) noexcept {
  error_ = timed_out_ ? system_error(ETIMEDOUT) : done.error;
  if (pending_ == 2) wanted_.loop->cancel(deadline_);
  finish_one();
}

/// Success: the time has come. The watch has an outcome already, or gets this one.
void operation_wait::deadline_ended(completion&& done) noexcept {
  if (!done.error && pending_ == 2) timed_out_ = wanted_.loop->cancel(main_);
  finish_one();
}

void operation_wait::finish_one() noexcept {
  if (--pending_ != 0) return;
  // A stop callback that is still there cancels nothing any more, and goes before the operations that it refers to.
  std::exchange(frame_, nullptr).resume();
}

void operation_wait::withdraw() noexcept {
  loop& l = *loop_access::of(*wanted_.loop);
  const polling_claim claim(l);
  stopper_.reset();
  for (operation* op : {&main_, &deadline_}) {
    if (operation_state& state = operation_state::of(*op); state.in_flight()) (void)l.withdraw(state);
  }
}

}  // namespace detail
}  // namespace v1
}  // namespace chime
