// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The soak's book-keeping: what was sent, what became of it, and the equations that must hold when all is quiet.
#pragma once

#include <chime/event.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace chime::soak {

/// What signals and waits came to. A use of an event is booked here as a whole.
struct account {
  std::uint64_t uses = 0;
  std::uint64_t sent = 0;       ///< calls of signal()
  std::uint64_t delivered = 0;  ///< of these
  std::uint64_t coalesced = 0;  ///< of these
  std::uint64_t stale = 0;      ///< of these
  std::uint64_t foreign = 0;    ///< signals written to a native handle, which nobody answers
  std::uint64_t consumed = 0;   ///< waits that ended with success
  std::uint64_t dropped = 0;    ///< signals that were kept when their event was released

  void count(signal_result) noexcept;
  account& operator+=(const account&) noexcept;
};

/// What the coroutines came to.
struct coroutine_books {
  std::uint64_t spawned = 0;
  std::uint64_t ended = 0;
  std::uint64_t waits = 0;      ///< co_awaits begun
  std::uint64_t succeeded = 0;  ///< of these
  std::uint64_t cancelled = 0;  ///< of these, by a stop or by ticket
  std::uint64_t timed_out = 0;  ///< of these
  std::uint64_t withdrawn = 0;  ///< of these: their frames were destroyed
  std::uint64_t consumed = 0;   ///< signals, which are in the accounts, too

  coroutine_books& operator+=(const coroutine_books&) noexcept;
};

/// One thread's books, or the sum of all.
///
/// Where what becomes of a signal is certain, each is consumed or dropped. Where a use is raced for (two signals around one
/// completion, a signal against a deadline or a cancel), its last signal may be kept and dropped by the release, which
/// nobody sees: such uses have an account of their own.
struct alignas(64) ledger {
  account certain;
  account raced;
  std::uint64_t submitted = 0;  ///< waits given to the loop
  std::uint64_t completed = 0;  ///< callbacks of waits
  std::uint64_t cancelled = 0;  ///< of these
  std::uint64_t timed_out = 0;  ///< of these
  std::uint64_t blocked = 0;    ///< waits that a thread blocked for
  std::uint64_t operations_submitted = 0;
  std::uint64_t operations_completed = 0;
  coroutine_books coroutines;

  ledger& operator+=(const ledger&) noexcept;
  [[nodiscard]] std::uint64_t sent() const noexcept { return certain.sent + raced.sent; }
  [[nodiscard]] std::uint64_t delivered() const noexcept { return certain.delivered + raced.delivered; }
  [[nodiscard]] std::uint64_t coalesced() const noexcept { return certain.coalesced + raced.coalesced; }
  [[nodiscard]] std::uint64_t stale() const noexcept { return certain.stale + raced.stale; }
  [[nodiscard]] std::uint64_t consumed() const noexcept { return certain.consumed + raced.consumed; }
};

/// The equations that do not hold, each as a sentence; empty: every signal is accounted for. Only when nothing is in
/// flight. `stale_by_pool`: what the pools counted.
[[nodiscard]] std::vector<std::string> breaches_of(const ledger& sum, std::uint64_t stale_by_pool);

}  // namespace chime::soak
