// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Tickets and the holder's side of an event: each public call is one transition of the word, and what follows from it.
#include "chime/event.hpp"

#include "event/blocking.hpp"
#include "event/cell.hpp"
#include "event/native.hpp"
#include "event/submit.hpp"
#include "sync/misuse.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace {

using detail::cell;
using detail::misuse;

[[nodiscard]] cell& held(cell* c) noexcept {
  if (c == nullptr) misuse("an empty event was used; acquire one first");
  return *c;
}

[[nodiscard]] result<native_handle> give_out(cell& c, int detail::primitive_handles::* end) noexcept {
  detail::native_state* native = c.native();
  if (native == nullptr) return std::unexpected(make_error_code(fault::not_native));
  native->shared = true;
  native->foreign_writes_over = false;
  return native->handles.*end;
}

}  // namespace

namespace detail {
void submit(cell& c, void (*function)(), void* context, time_point deadline) noexcept {
  inbox* loop = c.its_page().header.loop;
  if (loop == nullptr)
    misuse("an event of a pool without a loop was submitted; block on it, or open the pool on a loop");
  // The phase first: a refused submit must not overwrite the waiter of a wait that is in flight.
  const word_value now = c.word.peek();
  if (now.phase() == phase::free) misuse("an event was submitted after it was released");
  if (!event_word::releasable(now)) misuse("an event was submitted while its wait is in flight");
  c.function.set(function);
  c.context.set(context);
  c.deadline.set(deadline);
  // Deadlines and kernel work are the loop's to start; all else is armed right here.
  const bool loop_has_work = deadline != never || c.its_page().header.natives != nullptr;
  switch (c.word.submit(loop_has_work ? phase::queued : phase::armed)) {
    case submit_effect::armed:
      break;
    case submit_effect::push:
      loop->post(c);
      break;
    case submit_effect::misused:
      misuse("an event was submitted by two threads at once");
  }
}

bool cancel(cell& c, std::uint64_t generation) noexcept {
  switch (c.word.cancel(generation)) {
    case cancel_effect::none:
      return false;
    case cancel_effect::kept:
      return true;
    case cancel_effect::push:
      c.its_page().header.loop->post(c);
      return true;
  }
  return false;
}

}  // namespace detail

signal_result ticket::signal() const noexcept {
  if (cell_ == nullptr) return signal_result::stale;
  const detail::page_header& home = cell_->its_page().header;
  if (detail::native_state* native = cell_->native(); native != nullptr) {
    // The write to the primitive is what wakes the loop: its wait reads it.
    switch (detail::signal_native(*cell_, *native, generation_)) {
      case detail::signal_effect::stale:
        break;
      case detail::signal_effect::coalesced:
        return signal_result::coalesced;
      default:
        return signal_result::delivered;
    }
  } else {
    switch (cell_->word.signal(generation_)) {
      case detail::signal_effect::stale:
        break;
      case detail::signal_effect::coalesced:
        return signal_result::coalesced;
      case detail::signal_effect::kept:
        return signal_result::delivered;
      case detail::signal_effect::push:
        home.loop->post(*cell_);
        return signal_result::delivered;
      case detail::signal_effect::unblock:
        detail::unblock(*cell_);
        return signal_result::delivered;
    }
  }
  // Relaxed: a statistic, which orders nothing.
  home.stale_signals->fetch_add(1, std::memory_order_relaxed);
  return signal_result::stale;
}

bool ticket::cancel() const noexcept { return cell_ != nullptr && detail::cancel(*cell_, generation_); }

bool ticket::expired() const noexcept { return cell_ == nullptr || cell_->word.is_over(generation_); }

ticket event::get_ticket() const noexcept {
  cell& c = held(cell::of(*this));
  return {&c, c.word.peek().generation()};
}

void event::submit(callback done, time_point deadline) && noexcept {
  cell& c = held(cell::take_from(*this));
  detail::submit(c, reinterpret_cast<void (*)()>(done.target()), done.context(), deadline);
}

result<void> event::wait_until(time_point deadline) noexcept {
  return detail::block_until(held(cell::of(*this)), deadline);
}

result<native_handle> event::native() const noexcept {
  return give_out(held(cell::of(*this)), &detail::primitive_handles::read);
}

result<native_handle> event::native_signal() const noexcept {
  return give_out(held(cell::of(*this)), &detail::primitive_handles::write);
}

void event::foreign_use_ended() noexcept {
  if (detail::native_state* native = held(cell::of(*this)).native(); native != nullptr)
    native->foreign_writes_over = true;
}

}  // namespace CHIME_ABI
}  // namespace chime
