// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Coroutines: `co_await` on events, times, handles and "continue on this loop", in coroutines of any type. (A small type
/// to start with is in task.hpp.)
///
///     chime::result<void> got = co_await chime::async_wait(ev, {.deadline = chime::clock::now() + 1s});
///
/// What all of them have in common:
/// - Any thread may begin a wait. The coroutine goes on inside a poll of the loop, on its polling thread.
/// - A wait ends exactly once: signal (time, handle), deadline and stop race for one word. Errors are values: `timed_out`,
///   `cancelled` (a stop, or ticket::cancel), what the kernel says. A stop that is requested already cancels at once, unless
///   the signal was there before.
/// - Nothing is allocated: what a wait needs lies in the coroutine's frame. System calls: those of event::submit and
///   proactor::submit. A wait with a stop token, a handle with a deadline, and several events, if begun on another thread
///   than the polling one, first go there, which is a submit of its own.
/// - A frame may be destroyed while it waits, by the polling thread, in a completion or between two polls: the wait is
///   withdrawn before the memory goes (O(waits that the loop has in hand); perhaps some yields, for a signaller that is just
///   between its swap and its push; with io_uring a system call if the kernel has a part in the wait). Its events are as if
///   never waited for: they keep a signal that has come. Where nobody has polled yet, or nobody is inside guest_poll(), any
///   thread may do that, as long as nobody else polls meanwhile; but of an io_uring guest only the thread that calls it. Elsewhere
///   it stops the program.
/// - Waits in flight count: until they end, proactor::close() or event_pool::close() say so.
///
/// The objects that these functions return are to be awaited once, or handed to whatever awaits them; they refer to what they
/// were made from.
#pragma once

#include <chime/detail/stop.hpp>
#include <chime/pool.hpp>

#include <concepts>
#include <coroutine>
#include <optional>
#include <span>

namespace chime {
inline namespace CHIME_ABI {

/// A std::stop_token that lives elsewhere, or none. Refers to it: what it is handed to copies it. (An option that owned its
/// token would be destroyed twice by g++ 12 and earlier when it is written in braces inside a co_await.)
class stop_reference {
 public:
  constexpr stop_reference() noexcept = default;  ///< none: nothing stops the wait
  /// Refers to `token`, which must live until the wait has begun.
  stop_reference(const sync::stop_token& token) noexcept : token_(&token) {}  // NOLINT(google-explicit-constructor)
  stop_reference(const sync::stop_token&&) = delete;                          ///< give the token a name first
  /// A copy of the token, or one that never stops.
  [[nodiscard]] sync::stop_token token() const noexcept { return token_ != nullptr ? *token_ : sync::stop_token{}; }

 private:
  const sync::stop_token* token_ = nullptr;
};

/// What else may end a wait.
struct wait_options {
  time_point deadline = never;  ///< then the wait ends with `timed_out`
  stop_reference stop = {};     ///< a stop is requested from any thread, but not from a signal handler
};

namespace detail {

/// One coroutine that waits for one, any or all of several events. Lives in its frame.
class CHIME_API event_wait {
 public:
  event_wait(const event_wait&) = delete;
  event_wait& operator=(const event_wait&) = delete;
  ~event_wait() {
    if (frame_) [[unlikely]]
      withdraw();
  }
  [[nodiscard]] bool await_ready() const noexcept { return events_.empty(); }
  void await_suspend(std::coroutine_handle<> frame) noexcept;

 protected:
  enum class need : unsigned char { any, all };
  event_wait(std::span<event> events, need what, time_point deadline, const sync::stop_token& stop) noexcept
      : events_(events), deadline_(deadline), stop_(stop), need_(what) {}
  // After the wait.
  [[nodiscard]] result<void> as_result() const noexcept {
    if (error_) return std::unexpected(error_);
    return {};
  }
  [[nodiscard]] result<std::size_t> first() const noexcept;

 private:
  struct stopper {
    event_wait* wait;
    void operator()() const noexcept { wait->cancel_all(); }
  };
  [[nodiscard]] cell& held(std::size_t index) const noexcept;
  [[nodiscard]] loop& check_loops() const noexcept;
  void start() noexcept;
  void started_on_loop(completion&&) noexcept;
  static void ended(void* self, completion&&) noexcept;
  void count(cell&, std::error_code) noexcept;
  void cancel_all() const noexcept;
  void finish() noexcept;
  void give_back_signals(const cell* but) const noexcept;
  void withdraw() noexcept;

  std::span<event> events_;
  time_point deadline_;
  sync::stop_token stop_;
  std::coroutine_handle<> frame_;  ///< null: does not wait
  cell* winner_ = nullptr;         ///< the first that was signalled
  std::size_t pending_ = 0;        ///< waits in flight
  std::error_code error_;          ///< the first
  need need_;
  operation hop_;  ///< to the polling thread
  std::optional<sync::stop_callback<stopper>> stopper_;
};

/// One coroutine that waits for a time, a handle, or a turn of the loop. Lives in its frame.
class CHIME_API operation_wait {
 public:
  enum class kind : unsigned char { turn, here, time, handle };
  struct request {
    proactor* loop;
    kind what;
    interest wanted;
    native_handle handle;
    time_point when;  ///< the time, or the handle's deadline
    sync::stop_token stop;
  };

  explicit operation_wait(const request& wanted) noexcept : wanted_(wanted) {}
  operation_wait(const operation_wait&) = delete;
  operation_wait& operator=(const operation_wait&) = delete;
  ~operation_wait() {
    if (frame_) [[unlikely]]
      withdraw();
  }
  /// "Here" is reached by who is there.
  [[nodiscard]] bool await_ready() const noexcept { return wanted_.what == kind::here && is_here(); }
  void await_suspend(std::coroutine_handle<> frame) noexcept;
  [[nodiscard]] result<void> await_resume() const noexcept {
    if (error_) return std::unexpected(error_);
    return {};
  }

 private:
  struct stopper {
    operation_wait* wait;
    void operator()() const noexcept { wait->wanted_.loop->cancel(wait->operation_); }
  };
  [[nodiscard]] bool is_here() const noexcept;
  void start() noexcept;
  void submit() noexcept;
  void started_on_loop(completion&&) noexcept;
  void ended(completion&&) noexcept;
  void withdraw() noexcept;

  request wanted_;
  std::coroutine_handle<> frame_;  ///< null: does not wait
  std::error_code error_;
  operation operation_;
  std::optional<sync::stop_callback<stopper>> stopper_;
};

struct one_awaiter : event_wait {
  one_awaiter(std::span<event> ev, time_point deadline, const sync::stop_token& stop) noexcept
      : event_wait(ev, need::any, deadline, stop) {}
  [[nodiscard]] result<void> await_resume() const noexcept { return as_result(); }
};
struct any_awaiter : event_wait {
  any_awaiter(std::span<event> events, time_point deadline, const sync::stop_token& stop) noexcept
      : event_wait(events, need::any, deadline, stop) {}
  [[nodiscard]] result<std::size_t> await_resume() const noexcept { return first(); }
};
struct all_awaiter : event_wait {
  all_awaiter(std::span<event> events, time_point deadline, const sync::stop_token& stop) noexcept
      : event_wait(events, need::all, deadline, stop) {}
  [[nodiscard]] result<void> await_resume() const noexcept { return as_result(); }
};

/// What the functions below return: copyable, unlike the awaiters, which must stay where they are.
template <class Awaiter>
class [[nodiscard]] event_awaitable {
 public:
  event_awaitable(std::span<event> events, const wait_options& options) noexcept
      : events_(events), deadline_(options.deadline), stop_(options.stop.token()) {}
  [[nodiscard]] Awaiter operator co_await() const noexcept { return {events_, deadline_, stop_}; }

 private:
  std::span<event> events_;
  time_point deadline_;
  sync::stop_token stop_;
};
class [[nodiscard]] operation_awaitable {
 public:
  explicit operation_awaitable(operation_wait::request wanted) noexcept : wanted_(std::move(wanted)) {}
  [[nodiscard]] operation_wait operator co_await() const noexcept { return operation_wait{wanted_}; }

 private:
  operation_wait::request wanted_;
};

/// Continues in a poll of this loop in any case.
[[nodiscard]] inline operation_awaitable next_turn_of(proactor& loop) noexcept {
  return operation_awaitable{{&loop, operation_wait::kind::turn, {}, -1, never, {}}};
}

}  // namespace detail

/// Waits for one event: `result<void>`. The event stays yours, with its tickets; until the wait is over it is not to be
/// destroyed, moved or submitted (which stops the program). Also stops the program: an empty event, one whose pool has no
/// loop, one that waits already. Errors: timed_out, cancelled, and those of event::submit.
[[nodiscard]] inline detail::event_awaitable<detail::one_awaiter> async_wait(
    event& ev, const wait_options& options = {}) noexcept {
  return {{&ev, 1}, options};
}

/// Waits until one of the events is signalled: `result<std::size_t>`, the index of the first. The others are yours, ready for
/// the next wait; signals that came to them meanwhile are kept. The first outcome ends the wait; if it is an error, a
/// signal that came before all waits have ended still beats it. All of one loop, none of them twice (stops the program).
/// O(number of events). Errors: as above, and nothing_to_wait_for (no events).
[[nodiscard]] inline detail::event_awaitable<detail::any_awaiter> async_wait_any(
    std::span<event> events, const wait_options& options = {}) noexcept {
  return {events, options};
}

/// Waits until all of the events are signalled: `result<void>`; of no events that is so at once. The first error ends
/// the wait; every event that was signalled keeps its signal then, so that the wait may be tried again. Else as above.
[[nodiscard]] inline detail::event_awaitable<detail::all_awaiter> async_wait_all(
    std::span<event> events, const wait_options& options = {}) noexcept {
  return {events, options};
}

/// Waits for a handle: `result<void>`, success when it is ready. As a watch (proactor::submit), with its errors, and timed_out
/// and cancelled. The loop must be open.
[[nodiscard]] inline detail::operation_awaitable async_wait(proactor& loop, native_handle handle, interest wanted,
                                                            const wait_options& options = {}) noexcept {
  return detail::operation_awaitable{
      {&loop, detail::operation_wait::kind::handle, wanted, handle, options.deadline, options.stop.token()}};
}

/// Waits for a time: `result<void>`. Errors: cancelled. The loop must be open.
[[nodiscard]] inline detail::operation_awaitable sleep_until(proactor& loop, time_point when,
                                                             sync::stop_token stop = {}) noexcept {
  return detail::operation_awaitable{{&loop, detail::operation_wait::kind::time, {}, -1, when, std::move(stop)}};
}

/// Continues inside a poll of this loop, on its polling thread; at once if that is where the coroutine runs. The result is
/// always success. The loop must be open.
[[nodiscard]] inline detail::operation_awaitable resume_on(proactor& loop) noexcept {
  return detail::operation_awaitable{{&loop, detail::operation_wait::kind::here, {}, -1, never, {}}};
}

}  // namespace CHIME_ABI
}  // namespace chime

#include <chime/task.hpp>
