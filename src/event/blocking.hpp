// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Threads that wait without a loop. A wait first spins while the word says idle, as long as that pays: a signal that
/// comes then costs no system call on either side. Then it says "blocked", and sleeps on the half of the word that holds
/// the phase, by futex.
#pragma once

#include "event/cell.hpp"
#include "sync/spin_policy.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

/// How the calling thread's blocking waits have fared. The thread's and not the event's, since events of a pool go from
/// hand to hand, while a thread goes on waiting for the same kind of thing. Initial-exec like thread_number: no wait may
/// need the heap. 16 bytes.
[[gnu::tls_model("initial-exec")]] extern thread_local constinit spin_policy blocking_spin;

/// event::wait_until. User-space events only.
[[nodiscard]] result<void> block_until(cell&, time_point deadline) noexcept;
/// Wakes the thread that blocks on the event. Any thread, signal handlers; errno is kept. One system call. The event
/// may be in its next use by now: its holder then wakes for no reason, and looks again.
void unblock(cell&) noexcept;

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
