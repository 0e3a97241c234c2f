// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What one use of an event, or one operation, may be in the middle of. The model cannot see when a deadline has passed
/// inside the loop or a kernel has reported, so it keeps every stage that the thing may be in; each answer of the library
/// leaves those that would have answered so. None left: the library is wrong.
#pragma once

#include <cstdint>
#include <optional>

#include "answer.hpp"

namespace fuzz {

enum class stage : unsigned char {
  idle,       ///< with its holder
  signal_in,  ///< likewise, and a signal is kept
  pending,    ///< submitted, no outcome
  success,    ///< these have an outcome, which will be told
  cancelled,
  expired,
  failed,
  cancelled_and_signal,  ///< likewise, and a signal is kept for the next wait
  expired_and_signal,
  failed_and_signal,
};

class life {
 public:
  [[nodiscard]] bool may_be(stage s) const noexcept { return (set_ & bit(s)) != 0; }
  [[nodiscard]] bool must_be(stage s) const noexcept { return set_ == bit(s); }
  /// What may happen unseen: who is in `from` may be in `to` from now on.
  void perhaps(stage from, stage to) noexcept {
    if (may_be(from)) set_ |= bit(to);
  }
  void cannot_be(stage s) noexcept { set_ = static_cast<std::uint16_t>(set_ & ~bit(s)); }

  // Each is a call, or a callback, with what was told. False: it cannot be so.
  [[nodiscard]] bool signal(signalled told) noexcept {
    return narrow([told](stage s) { return when(told == signal_answer(s), after_signal(s)); });
  }
  [[nodiscard]] bool cancel(bool told) noexcept {
    return narrow([told](stage s) {
      const bool waits = s == stage::pending;
      return when(told == waits, waits ? stage::cancelled : s);
    });
  }
  /// Cancelled with many others: nothing is told of each.
  void cancel_silently() noexcept {
    (void)narrow([](stage s) { return std::optional(s == stage::pending ? stage::cancelled : s); });
  }
  [[nodiscard]] bool submit() noexcept {
    return narrow([](stage s) -> std::optional<stage> {
      if (s == stage::idle) return stage::pending;
      return when(s == stage::signal_in, stage::success);
    });
  }
  /// A blocking wait whose deadline had passed.
  [[nodiscard]] bool block(answer told) noexcept {
    return narrow([told](stage s) -> std::optional<stage> {
      const bool has_signal = s == stage::signal_in;
      if (!has_signal && s != stage::idle) return std::nullopt;
      return when(told == (has_signal ? answer::ok : answer::timed_out), stage::idle);
    });
  }
  [[nodiscard]] bool complete(answer told) noexcept {
    return narrow([told](stage s) -> std::optional<stage> {
      const std::optional<answer> outcome = outcome_of(s);
      if (!outcome || !matches(*outcome, told)) return std::nullopt;
      return s >= stage::cancelled_and_signal ? stage::signal_in : stage::idle;
    });
  }

 private:
  [[nodiscard]] static constexpr std::uint16_t bit(stage s) noexcept {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(s));
  }
  [[nodiscard]] static std::optional<stage> when(bool possible, stage next) noexcept {
    return possible ? std::optional(next) : std::nullopt;
  }
  template <class Step>
  [[nodiscard]] bool narrow(Step step) noexcept {
    std::uint16_t next = 0;
    for (unsigned s = 0; s <= static_cast<unsigned>(stage::failed_and_signal); ++s) {
      if (!may_be(static_cast<stage>(s))) continue;
      if (const std::optional<stage> then = step(static_cast<stage>(s))) next |= bit(*then);
    }
    if (next == 0) return false;
    set_ = next;
    return true;
  }
  [[nodiscard]] static signalled signal_answer(stage s) noexcept {
    const bool earlier = s == stage::signal_in || s == stage::success || s >= stage::cancelled_and_signal;
    return earlier ? signalled::coalesced : signalled::delivered;
  }
  [[nodiscard]] static stage after_signal(stage s) noexcept {
    switch (s) {
      case stage::idle:
        return stage::signal_in;
      case stage::pending:
        return stage::success;
      case stage::cancelled:
        return stage::cancelled_and_signal;
      case stage::expired:
        return stage::expired_and_signal;
      case stage::failed:
        return stage::failed_and_signal;
      default:
        return s;
    }
  }
  [[nodiscard]] static std::optional<answer> outcome_of(stage s) noexcept {
    switch (s) {
      case stage::success:
        return answer::ok;
      case stage::cancelled:
      case stage::cancelled_and_signal:
        return answer::cancelled;
      case stage::expired:
      case stage::expired_and_signal:
        return answer::timed_out;
      case stage::failed:
      case stage::failed_and_signal:
        return answer::other;  // which failure it may be is the session's to know
      default:
        return std::nullopt;
    }
  }
  [[nodiscard]] static bool matches(answer outcome, answer told) noexcept {
    if (outcome != answer::other) return outcome == told;
    return told == answer::no_memory || told == answer::no_descriptors || told == answer::bad_handle;
  }

  std::uint16_t set_ = bit(stage::idle);
};

}  // namespace fuzz
