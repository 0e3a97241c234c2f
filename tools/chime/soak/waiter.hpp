// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// One of the soak's coroutines, with its events and its books: from its spawn to the settlement. A producer has a fixed
/// number of them, and starts each anew when it is settled.
///
/// It is two coroutines. A task that is spawned on the loop acquires the events and hands their tickets to the producer. The
/// other one waits for them, and its frame is kept here, so that it can be destroyed. When it has ended or gone and everybody
/// has done his deeds, the task is told by one more event; it looks which signals were kept, and settles.
#pragma once

#include <array>
#include <atomic>
#include <chime/coro.hpp>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "frame.hpp"
#include "use.hpp"
#include "waiter_plan.hpp"

namespace chime::soak {

class waiter {
 public:
  static constexpr std::size_t events_at_once = waiter_plan::most_events + 1;

  /// Whose turn it is.
  enum class turn : unsigned char {
    nobody,    ///< the producer's, to begin anew
    loop,      ///< the loop's or other producers'
    producer,  ///< the tickets are there: the producer does its deeds, one after the other
  };

  void open(proactor& loop, event_pool& pool, event_pool& native_pool, polling_side& side) noexcept {
    loop_ = &loop;
    pool_ = &pool;
    native_pool_ = &native_pool;
    side_ = &side;
  }

  // The producer's.
  [[nodiscard]] turn whose_turn() const noexcept { return turn_.load(std::memory_order_acquire); }
  void spawn(const waiter_plan&, ledger& books);
  /// The next deed; none: the last is done, and the producer has left.
  [[nodiscard]] std::optional<deed_of> next_deed() noexcept;
  /// Any producer, with its own books. A peer does it at some time after the producer has asked, and leaves.
  void carry_out(const deed_of&, ledger& books) noexcept;

 private:
  [[nodiscard]] task<> live();
  [[nodiscard]] frame wait();
  [[nodiscard]] task<bool> has_kept_signal(event&);
  [[nodiscard]] bool acquire();
  [[nodiscard]] task<> wait_once(std::span<event>, wait_options);
  [[nodiscard]] wait_options options(stop_reference) noexcept;
  [[nodiscard]] bool ended_with(const auto& got) noexcept;
  void consumed(std::size_t event) noexcept;
  void check_shown(std::size_t event) noexcept;
  void check_signals(std::size_t event) noexcept;
  void check_cancels() noexcept;
  void settle() noexcept;
  void signal(std::size_t event, ledger& books) noexcept;
  void destroy_frame(completion&&) noexcept;
  void leave(unsigned shares = 1) noexcept;
  void tell(const char* what) noexcept;

  proactor* loop_ = nullptr;
  event_pool* pool_ = nullptr;
  event_pool* native_pool_ = nullptr;
  polling_side* side_ = nullptr;

  std::atomic<turn> turn_ = turn::nobody;  ///< release and acquire: hand over what is below
  waiter_plan plan_;
  std::size_t next_ = 0;  ///< of the deeds
  std::array<event, waiter_plan::most_events> events_;
  std::array<ticket, waiter_plan::most_events> names_;
  event all_done_;
  ticket all_done_name_;
  frame frame_;
  std::atomic<bool> has_begun_ = false;  ///< release and acquire: shows `frame_`
  operation destruction_;
  std::stop_source source_{std::nostopstate};
  /// Those who are not through: the waiting coroutine, the producer, each peer that was asked, the destruction. Acquire and
  /// release: what they have written is shown to the last, whose signal shows it to the task.
  std::atomic<unsigned> shares_ = 0;

  // By the signallers. `written_` before the signal, and where there is but one: that is what signals promise to show.
  std::array<std::uint64_t, waiter_plan::most_events> written_{};
  std::array<std::atomic<unsigned>, waiter_plan::most_events> delivered_{};
  std::atomic<bool> stop_asked_ = false;
  std::atomic<bool> cancel_asked_ = false;
  bool cancel_won_ = false;

  // By the waiting coroutine, and then by the task.
  coroutine_books tally_;
  std::array<unsigned, waiter_plan::most_events> consumed_{};
  time_point deadline_ = never;  ///< of the wait under way
  bool is_stoppable_ = false;    ///< it
  bool has_ended_ = false;
};

}  // namespace chime::soak
