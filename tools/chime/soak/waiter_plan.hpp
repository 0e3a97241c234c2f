// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What shall happen to one of the soak's coroutines: for what it waits, what else may end that, and what the producers do
/// meanwhile, in which order.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <random>

namespace chime::soak {

enum class wait_kind : unsigned char { one, any, all };

/// What producers do for a coroutine.
enum class deed : unsigned char {
  begin,    ///< begin its wait, on the producer's thread
  signal,   ///< one of its events
  stop,     ///< request a stop
  cancel,   ///< the wait for one of its events, by ticket
  destroy,  ///< have its frame destroyed, on the polling thread, as soon as there is one
};
struct deed_of {
  deed what = deed::begin;
  std::size_t event = 0;
  bool by_peer = false;
};

struct waiter_plan {
  static constexpr std::size_t most_events = 3;
  static constexpr std::size_t none = most_events;

  wait_kind kind = wait_kind::one;
  std::size_t events = 1;
  unsigned rounds = 1;  ///< waits, one after the other
  bool has_deadline = false;
  std::chrono::microseconds soon{0};  ///< the deadline of each
  bool has_token = false;             ///< of a stop, whether or not it is requested
  bool keeps_awaiter = false;         ///< while it waits once more, for what no stop can end
  bool is_native = false;             ///< its first event
  bool frame_owns = false;            ///< the events: they are released by its end, or by its destruction
  std::size_t twice = none;           ///< the event that is signalled twice
  std::array<deed_of, 8> deeds;
  std::size_t deed_count = 0;

  /// Whether what becomes of each signal is certain; else they belong to the account of those raced for.
  [[nodiscard]] bool is_certain() const noexcept { return !frame_owns && twice == none; }
  [[nodiscard]] bool has(deed) const noexcept;
};

/// At random. Every plan comes to its end: by enough signals, or else by a deadline, a stop or the frame's destruction.
[[nodiscard]] waiter_plan draw_waiter_plan(std::mt19937_64& random);

}  // namespace chime::soak
