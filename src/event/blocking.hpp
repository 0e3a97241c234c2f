// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Threads that wait without a loop: they sleep on the half of the event's word that holds the phase, by futex.
#pragma once

#include "event/cell.hpp"

namespace chime {
inline namespace v1 {
namespace detail {

/// event::wait_until. User-space events only.
[[nodiscard]] result<void> block_until(cell&, time_point deadline) noexcept;
/// Wakes the thread that blocks on the event. Any thread, signal handlers; errno is kept. One system call. The event
/// may be in its next use by now: its holder then wakes for no reason, and looks again.
void unblock(cell&) noexcept;

}  // namespace detail
}  // namespace v1
}  // namespace chime
