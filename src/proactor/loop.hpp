// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The portable loop: takes what other threads pushed, runs completions, fires deadlines, looks at the kernel, sleeps.
///
/// Threads: `in`, and the atomics beside it, are for every thread; everything below them for the polling thread alone
/// (and for open and close, while nobody polls).
///
/// Invariants:
/// 1. A waiter is in at most one of: the ready queue, `taken`, `unstarted`; which it is in, or that it is in none,
/// follows
///    from its word (word.hpp).
/// 2. Work is active exactly between a start() that succeeded and its report; a waiter is delivered only when its work
/// is
///    not active and, if it was stopped by another thread, that thread's push has been taken.
/// 3. The loop sleeps only when `taken` is empty and the queue's word held nothing.
#pragma once

#include <chrono>
#include <new>

#include "backend/backend.hpp"
#include "chime/detail/thread.hpp"
#include "event/cell.hpp"
#include "event/inbox.hpp"
#include "proactor/deferral.hpp"
#include "proactor/pacing.hpp"
#include "proactor/timers.hpp"
#include "proactor/waiter_list.hpp"
#include "sync/process.hpp"
#include "sync/spin_policy.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

/// A timer, watch or post: in the caller's memory.
struct operation_state : waiter {
  kernel_work work;
  loop* owner = nullptr;
  /// What the last completion took from its handle. Of a wait for a signalfd, until it has read: the address of the
  /// signalfd_siginfo to fill, or 0.
  std::uint64_t taken = 0;

  [[nodiscard]] static operation_state& of(operation& op) noexcept {
    return *std::launder(reinterpret_cast<operation_state*>(op.storage_));
  }
  /// It is its caller's to submit while its word is free or idle.
  [[nodiscard]] bool in_flight() const noexcept {
    const phase now = word.peek().phase();
    return now != phase::free && now != phase::idle;
  }
};
static_assert(sizeof(operation_state) <= sizeof(operation) && alignof(operation_state) <= alignof(operation));

/// What a guest remembers between two calls of its host.
struct guest_state {
  std::uint64_t kernel_thread = 0;  ///< the backend's, if it stays with one; 0: not bound
  bool asleep = false;              ///< as the queue's word was left
  bool lingering = false;           ///< awake although nothing is there, until:
  time_point linger_until;
  time_point asleep_since;
};

struct loop final : kernel_sink {
  inbox in;
  alignas(64) sync::atomic<std::uint64_t> submitted{0};  ///< operations, by any thread
  sync::atomic<std::size_t> pools{0};                    ///< open on this loop
  sync::atomic<bool> stopping{false};
  /// 0: nobody has polled yet; of a guest: nobody is inside guest_poll().
  sync::atomic<std::uint64_t> polling_thread{0};
  const birthplace opened_in;  ///< the process

  alignas(64) waiter_list taken;  ///< to be looked at, oldest first
  waiter_list unstarted;          ///< queued, and the backend had no room for their work
  timer_wheel timers;
  pacing pace;
  spin_policy spinning;
  deferral_list put_off;  ///< run at the end of each turn
  guest_state as_guest;   ///< guest.cpp
  backend* kernel = nullptr;
  std::size_t active = 0;  ///< pieces of kernel work
  std::uint64_t finished_operations = 0;
  unsigned batch = 0;
  bool guest = false;
  unsigned polls_since_look = 0;
  std::size_t expired = 0;  ///< completions of the present turn that were due
  bool polling = false;
  bool woken = false;
  std::error_code untold;                      ///< the kernel failed in a poll that ran completions
  sync::atomic<std::uint64_t> completions{0};  ///< statistics: written by the polling thread, read by anybody
  sync::atomic<std::uint64_t> sleeps{0};
  sync::atomic<std::uint64_t> wakeups{0};
  sync::atomic<std::uint64_t> looks{0};
  allocator memory;
  std::array<char, 512> choice = {};  ///< why this backend
  backend_storage storage;

  loop() noexcept = default;
  ~loop();

  [[nodiscard]] result<std::size_t> poll(std::chrono::nanoseconds timeout) noexcept;
  [[nodiscard]] result<void> run() noexcept;
  /// Whether the caller is inside a completion of this loop, or of what poll does between them.
  [[nodiscard]] bool is_polling_here() const noexcept {
    // Relaxed: only the thread that bound itself can find its own number here; `polling` is that thread's.
    const std::uint64_t bound = polling_thread.load(std::memory_order_relaxed);
    return bound != 0 && sync::is_this_thread(bound) && polling;
  }
  /// Stops the program in a forked child.
  void check_process() const noexcept {
    opened_in.check("a proactor was used by a forked child; it may open its own, exec or _exit");
  }
  /// Whether close may go on: busy otherwise.
  [[nodiscard]] std::error_code in_use() const noexcept;
  /// Waits for wake-ups that are owed. Polling is over.
  void settle() noexcept;

  // guest.cpp: driven by another loop.
  [[nodiscard]] result<time_point> guest_poll() noexcept;
  /// Its host is not asleep any more; nothing if it was not.
  void end_guests_sleep() noexcept;

  // withdraw.cpp: for whoever waits and goes.
  /// Ends a wait that is in flight, without its completion; returns the outcome. On the polling thread, not inside the
  /// backend. All other submits and cancels of an operation are over.
  [[nodiscard]] word_value withdraw(waiter&) noexcept;

  // dispatch.cpp: from the word to the callback.
  /// Looks at one waiter that was taken. True: its completion ran.
  bool dispatch(waiter&) noexcept;
  /// Runs what is due. At most `most`; returns how many.
  std::size_t expire(std::size_t most) noexcept;

  // kernel.cpp: work for the backend.
  void finished(kernel_work&, int result) noexcept override;
  /// 0: active. Otherwise as backend::start.
  [[nodiscard]] int start(waiter&, kernel_work&) noexcept;
  /// True: it has ended.
  [[nodiscard]] bool stop(kernel_work&) noexcept;
  /// Whether the kernel's part of a wait that has an outcome is over; if not, ends it, and finished() brings the waiter
  /// back.
  [[nodiscard]] bool kernel_part_is_over(waiter&, kernel_work&) noexcept;
  /// The handle of a watch with a policy is ready, and its word says "reading". True: it has an outcome. False: nothing was
  /// there to be read, and it is queued again, in no list.
  [[nodiscard]] bool read(operation_state&) noexcept;
  /// Reports that wait for results; never blocks.
  [[nodiscard]] std::error_code look(bool ran_something) noexcept;

 private:
  [[nodiscard]] std::error_code enter() noexcept;
  [[nodiscard]] std::error_code enter_as_guest() noexcept;
  [[nodiscard]] result<time_point> guest_turn() noexcept;
  [[nodiscard]] bool lingers(std::size_t came) noexcept;
  [[nodiscard]] std::error_code look_before_sleep(std::size_t& ran) noexcept;
  [[nodiscard]] time_point fall_asleep_as_guest() noexcept;
  [[nodiscard]] std::error_code turn(std::size_t& ran, bool may_skip_look) noexcept;
  [[nodiscard]] bool spin(time_point until, std::error_code& failed) noexcept;
  [[nodiscard]] std::error_code sleep(time_point until, bool& looked) noexcept;
  void collect(ready_queue::taken) noexcept;
  void wake_up() noexcept;
  std::size_t run_taken(std::size_t most) noexcept;
  [[nodiscard]] bool begin(waiter&, kernel_work*) noexcept;
  [[nodiscard]] bool keep_unstarted(waiter&, kernel_work&) noexcept;
  void deliver(waiter&, kernel_work*) noexcept;
  void complete(waiter&, std::error_code) noexcept;
  [[nodiscard]] bool take_out(waiter&) noexcept;
  void await_report(const kernel_work*) noexcept;
};

/// Adds to one of the loop's statistics. Written by the polling thread alone, so no read-modify-write is needed; relaxed,
/// since a statistic orders nothing.
inline void count(sync::atomic<std::uint64_t>& statistic, std::uint64_t more = 1) noexcept {
  statistic.store(statistic.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

/// For the other parts of the library: the loop behind a proactor; null if it is not open.
struct loop_access {
  [[nodiscard]] static loop* of(const proactor& p) noexcept { return p.loop_; }
};

/// The kernel work of a waiter: of an operation always, of an event if it is native.
[[nodiscard]] kernel_work* work_of(waiter&) noexcept;

/// proactor::submit of a post.
void submit_post(loop&, operation_state&, callback done) noexcept;

/// Finds a backend by `wanted` (empty: by environment or probing), makes it in the loop, and writes down why.
[[nodiscard]] std::error_code choose_backend(loop&, std::string_view wanted) noexcept;

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
