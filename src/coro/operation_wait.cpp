// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A coroutine that waits for a time, a handle, or a turn of the loop: one operation in its frame.
///
/// Threads: as in event_wait.cpp. With a stop token it begins with a post, which brings it to the polling thread, by the same
/// operation.
#include "chime/coro.hpp"
#include "coro/polling_claim.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

bool operation_wait::is_here() const noexcept {
  const loop* const l = loop_access::of(*wanted_.loop);
  return l != nullptr && l->is_polling_here();
}

void operation_wait::await_suspend(std::coroutine_handle<> frame) noexcept {
  frame_ = frame;
  const loop* const l = loop_access::of(*wanted_.loop);
  if (!wanted_.stop.stop_possible() || (l != nullptr && is_bound_here(*l))) {
    start();
  } else {
    wanted_.loop->submit(operation_, callback::to<&operation_wait::started_on_loop>(*this));
  }
}

void operation_wait::started_on_loop(completion&&) noexcept { start(); }

/// Without a stop token, the submit may be the last touch of the frame.
void operation_wait::start() noexcept {
  const bool may_stop = wanted_.stop.stop_possible();
  submit();
  if (may_stop) stopper_.emplace(wanted_.stop, stopper{this});
}

void operation_wait::submit() noexcept {
  const callback done = callback::to<&operation_wait::ended>(*this);
  switch (wanted_.what) {
    case kind::turn:
    case kind::here:
      wanted_.loop->submit(operation_, done);
      break;
    case kind::time:
      wanted_.loop->submit(operation_, done, wanted_.when);
      break;
    case kind::handle:
      wanted_.loop->submit(operation_, done, wanted_.handle, wanted_.wanted, wanted_.when);
      break;
  }
}

/// A stop callback that is still there cancels nothing any more, and goes before the operation that it refers to.
void operation_wait::ended(completion&& done) noexcept {
  error_ = done.error;
  std::exchange(frame_, nullptr).resume();
}

void operation_wait::withdraw() noexcept {
  loop& l = *loop_access::of(*wanted_.loop);
  const polling_claim claim(l);
  stopper_.reset();
  if (operation_state& state = operation_state::of(operation_); state.in_flight()) (void)l.withdraw(state);
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
