// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// One use of an event, with the plan that it follows: from its acquire to the settlement of its books. A producer has
/// a fixed number of them, and starts each anew when it is settled.
#pragma once

#include <atomic>
#include <chime/event.hpp>
#include <cstdint>

#include "breaches.hpp"
#include "ledger.hpp"

namespace chime::soak {

/// What shall happen to one use of an event. The plan decides what may come of it.
enum class plan : unsigned char {
  signal_after_submit,
  signal_before_submit,
  coalesce_before_submit,
  signal_twice,       ///< the second signal races with the completion and the release
  wait_again,         ///< the completion submits the event once more, up to three times
  peer_signals,       ///< another producer does
  peer_or_deadline,   ///< another producer's signal races with a deadline
  peer_or_cancel,     ///< ... with a cancel
  cancel,             ///< nobody signals
  cancel_and_signal,  ///< the signal comes after the cancel: the next wait gets it, without another
  time_out,           ///< nobody signals
  release_signalled,  ///< nobody waits
  release,            ///< nobody waits or signals
  peer_releases,      ///< another producer destroys the handle
  block_signalled,    ///< a blocking wait for a signal that is there
  block_for_peer,     ///< a blocking wait, with a deadline, for another producer's signal
  foreign_signal,     ///< native: written to the handle
};
[[nodiscard]] const char* name_of(plan) noexcept;
/// Whether what becomes of the plan's signals is certain; else the use belongs to the account of those raced for.
[[nodiscard]] bool is_certain(plan) noexcept;

/// What the polling thread writes down, and nobody else reads while it runs.
struct polling_side {
  ledger books;
  breaches& wrong;
};

enum class phase : unsigned char {
  idle,     ///< the producer's, without an event
  waiting,  ///< with the loop, or with another producer
  again,    ///< the completion has submitted once more: the producer signals, and says "waiting" before
  done,     ///< the producer's, to be settled
};

/// Invariant: while `now` is `waiting`, the producer touches nothing that the completion writes but `now`, and writes `written`
/// before its signal alone.
struct use {
  std::atomic<phase> now = phase::idle;  ///< release and acquire: hand over what is below
  plan what = plan::release;
  bool native = false;
  bool cancel_won = false;     ///< the producer's: what cancel() promised
  bool was_cancelled = false;  ///< what the completion said
  int late_handle = -1;        ///< a duplicate of the native handle, written to when the use is over
  bool hand_back = false;      ///< the completion keeps the event for the producer to release
  unsigned rounds = 0;         ///< times that the completion waits again
  std::uint64_t expected = 0;  ///< what must stand in `written` when a signal completes the wait
  /// By the signaller, before its signal: that is what signals promise to show. (A foreign one promises only to have
  /// happened, so it uses an atomic_ref here.)
  std::uint64_t written = 0;
  time_point deadline = never;
  event ev;  ///< the producer's before submit, and after a completion that hands it back
  ticket name;
  polling_side* loop = nullptr;

  /// The completion, on the polling thread: books it, and checks that the plan allows it.
  void completed(completion&& done) noexcept;
  /// Gives the event to the loop. Books: the caller's.
  void submit() noexcept;

 private:
  void wait_again(event&&) noexcept;
  void check(std::error_code, account&) noexcept;
};

}  // namespace chime::soak
