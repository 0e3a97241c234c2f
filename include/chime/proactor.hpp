// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The completion loop. Operations are submitted from any thread; one thread polls and runs their completions.
#pragma once

#include <chime/event.hpp>
#include <chime/memory.hpp>

#include <array>
#include <cstdint>
#include <string_view>

struct signalfd_siginfo;  // of <sys/signalfd.h>

namespace chime {
inline namespace CHIME_ABI {

namespace detail {
struct loop;
struct loop_access;
struct operation_state;
}  // namespace detail

/// What a watch waits for.
enum class interest : unsigned char {
  readable = 1,  ///< data, a connection, or the end of the file: a read would not block
  writable = 2,  ///< there is room: a write would not block
};

/// What a completed wait for somebody else's handle has taken out of it, so that the next wait does not find the same signal
/// again. operation::drained() tells how much. The file's flags are not changed; it may be in blocking mode.
enum class drain : unsigned char {
  nothing,            ///< nothing is read: the caller does what this kind of handle asks for
  eventfd,            ///< the whole counter, which is 0 then. drained(): its value
  eventfd_semaphore,  ///< one of what a semaphore eventfd (EFD_SEMAPHORE) counts: three take three waits. drained(): 1
  pipe,               ///< bytes, which are thrown away, up to 65,536 in one completion. drained(): how many
  timerfd,            ///< the expirations. drained(): how many, those that were missed included
  signalfd,           ///< one signal. drained(): its number
  fence,  ///< nothing: a fence that has signalled stays readable for ever. The handle -1 has signalled already
};

/// A timer, watch or post in flight. Yours: it must stay where it is from submit until its completion runs (destroyed
/// before that, it stops the program), then it may be submitted again. 104 bytes, no allocation behind it.
class CHIME_API operation {
 public:
  operation() noexcept;  ///< not in flight
  operation(const operation&) = delete;
  operation& operator=(const operation&) = delete;
  ~operation();

  /// What the last completion took from its handle, by the drain policy; 0 if it failed, or took nothing. For whoever may submit
  /// the operation again: in its callback, or later.
  [[nodiscard]] std::uint64_t drained() const noexcept;

 private:
  friend class proactor;
  friend struct detail::operation_state;
  alignas(8) unsigned char storage_[104];
};

/// How a proactor is opened.
struct proactor_options {
  /// "io_uring", "epoll" or "poll", with options after a colon for io_uring: "io_uring:no-defer,linked-read". Empty:
  /// the environment variable CHIME_BACKEND in the same form, or, without it, the first of the three that runs here.
  std::string_view backend = {};
  /// How long poll() may look again and again before it sleeps, as long as that pays: it gives up after a few vain spins,
  /// so that an idle loop costs nothing. Zero: it never spins.
  std::chrono::nanoseconds spin = std::chrono::microseconds(50);
  unsigned batch = 256;  ///< completions that one poll runs at most, so that timers and handles are not starved
  /// It lives in another loop, which calls guest_poll() when handle() is readable; poll() and run() are refused. The first
  /// backend that is tried is epoll then, whose guests may be driven by several threads in turn; "poll" cannot be a guest.
  bool guest = false;
  allocator memory = {};  ///< of the loop itself, and of what the backend "poll" lists; must outlive it
};

/// Counted since open(). Approximate while the loop runs on another thread.
struct proactor_stats {
  std::uint64_t completions;    ///< callbacks run
  std::uint64_t sleeps;         ///< times the loop blocked in the kernel; of a guest: times it fell asleep
  std::uint64_t wakeups;        ///< sleeps that ended by a push or wake; each cost its sender one system call
  std::uint64_t kernel_checks;  ///< times the backend was asked without blocking
};

/// The loop. Embedded in the caller's object, pinned. The first poll binds the polling thread; completions run only
/// inside poll and run, on that thread. May be made and opened on one thread and polled by another. No other call may be under way
/// when it is opened or closed; else any thread may call what does not say whose it is. What returns nothing (submit, stop, wake)
/// stops the program if the proactor is not open. Not for forked children:
/// one that polls, closes or submits operations is stopped; it may open its own.
///
/// A guest (proactor_options::guest) has no thread of its own: whoever calls guest_poll() is the polling thread meanwhile.
class CHIME_API proactor {
 public:
  proactor() noexcept;  ///< closed; no system call
  proactor(const proactor&) = delete;
  proactor& operator=(const proactor&) = delete;
  /// Closes; stops the program if pools are open or operations in flight.
  ~proactor();

  /// Errors: unknown_backend, unknown_backend_option, backend_unusable, allocator_incomplete, batch_zero,
  /// loop_already_open; resource_exhausted (memory, descriptors), with the system's code. A failed open leaves nothing
  /// behind. Several system calls.
  [[nodiscard]] result<void> open(const proactor_options& options = {}) noexcept;
  /// Frees everything. Polling must be over. Waits for wake-ups that other threads owe (a few instructions each).
  /// Errors: busy (pools_open, operations_in_flight, polling: nothing is changed), loop_closed. System calls: closes what open()
  /// has opened.
  [[nodiscard]] result<void> close() noexcept;

  /// Runs what is ready, at most `batch` completions, and returns how many. If nothing is, sleeps until something is,
  /// until wake() or stop() was called, or until the timeout (negative: for ever; zero: does not sleep); 0 then.
  /// Errors: wrong_thread, loop_closed, driven_by_host, polling (called from inside a completion); what the kernel says,
  /// with its code (where completions have run, the next poll says it).
  /// System calls: none while completions flow and no handle is watched.
  [[nodiscard]] result<std::size_t> poll(std::chrono::nanoseconds timeout = {}) noexcept;
  /// Polls until stop(). A stop() that came before counts; each run() that ends by it takes it back. Errors: those of poll().
  [[nodiscard]] result<void> run() noexcept;
  /// Ends run(). Any thread, signal handlers. The caller keeps the loop alive meanwhile. At most one system call, if the loop
  /// sleeps. Of a guest: nothing but a wake().
  void stop() noexcept;
  /// Makes the present or next poll return early. Any thread, signal handlers; the caller keeps the loop alive
  /// meanwhile. At most one system call, if the loop sleeps.
  void wake() noexcept;

  /// Post: runs `done` inside a poll. This and those below: any thread; O(1), no allocation, no system call unless
  /// the loop sleeps. Submitting an operation that is in flight stops the program.
  void submit(operation&, callback done) noexcept;
  /// Timer: completes with success at `due`, or `cancelled`.
  void submit(operation&, callback done, time_point due) noexcept;
  /// One-shot watch: completes with success when the handle is ready (also if it hung up or is in error: then reading
  /// or writing tells), with EBADF if it is no open handle, with the kernel's code if it takes no more watches (EMFILE,
  /// ENOMEM, ENOSPC), `cancelled`, or `timed_out`. Closing the handle completes nothing: cancel first. The file stays open
  /// until then.
  void submit(operation&, callback done, native_handle, interest, time_point deadline = never) noexcept;
  /// Waits for a handle of somebody else, and reads it by its policy: completes with success when it has read something, with
  /// `cancelled`, or with `timed_out`; then nothing was read. If another reader took what was there, the wait goes on. Errors
  /// otherwise: as for a watch, and handle_misfit (not of the kind that the policy names: nothing was read), EPIPE (a pipe that
  /// is empty, and whose writers are all gone), clock_set (a timerfd with TFD_TIMER_CANCEL_ON_SET, and the clock was set).
  /// The handle stays open, under this number, until the completion or a cancel that has won. It is read by the polling thread,
  /// without blocking. System calls: those of a watch, two to look at the kind (signalfd: three), one to read.
  void submit(operation&, callback done, native_handle, drain, time_point deadline = never) noexcept;
  /// The same for a signalfd, with everything that the kernel tells of the signal, which must live until the completion. (The
  /// kernel gives a signalfd's reader the signals of the reader: of this process, and of the polling thread.)
  void submit(operation&, callback done, native_handle, ::signalfd_siginfo& into, time_point deadline = never) noexcept;
  /// True: the operation will complete with `cancelled`, and nothing was or will be read from its handle. False: its outcome
  /// stands already, or is found at this moment: it completes without waiting any further, with `cancelled` only if its handle
  /// turns out to be empty. Any thread; at most one system call, if the loop sleeps; the caller keeps the operation alive and does not
  /// submit it again meanwhile.
  bool cancel(operation&) noexcept;

  /// Of a guest: readable, to whatever polls handles, when guest_poll() has something to do. The same from open to close.
  /// The loop's: not to be read, written or closed. -1: closed, or no guest.
  [[nodiscard]] native_handle handle() const noexcept;
  /// Of a guest: runs what is ready, at most `batch` completions, never blocks, and says how long the host may sleep: it
  /// calls again when handle() is readable, and at the returned time at the latest.
  /// - time_point::min(): at once, after whatever else the host has to do. Completions ran in this call, and what follows from
  ///   them is taken in before the loop falls asleep; or they came so recently that to fall asleep and be woken would cost
  ///   more than to look again (proactor_options::spin says for how long). Until that call nobody makes the handle readable.
  /// - never: there is no deadline.
  /// Between two calls at most one signal, submit or wake makes a system call: the first, which makes the handle readable,
  /// also if it comes from the host's own thread.
  /// Any thread, one at a time; on io_uring always the same, which must not end before the loop is closed. Errors:
  /// wrong_thread (another thread is inside, or was the first on io_uring), not_a_guest, loop_closed, polling (called from
  /// inside a completion); what the kernel says: the host calls again then, as after min(), since the guest is awake.
  /// System calls: none while completions flow and no handle is watched; one or two before the loop falls asleep.
  [[nodiscard]] result<time_point> guest_poll() noexcept;

  /// The backend in use, with the options in force, such as "io_uring". Empty when closed.
  [[nodiscard]] std::string_view backend() const noexcept;
  /// Why this backend: "forced by option", or which were passed over and why. Valid until close.
  [[nodiscard]] std::string_view backend_choice() const noexcept;
  /// What was counted since open(); zeroes when closed. Any thread, no lock, no system call.
  [[nodiscard]] proactor_stats stats() const noexcept;

 private:
  friend struct detail::loop_access;
  detail::loop* loop_ = nullptr;
};

/// What a backend can do on this machine.
struct backend_report {
  std::string_view name;              ///< as proactor_options::backend takes it
  bool usable = false;                ///< whether open() would get it
  std::array<char, 160> detail = {};  ///< NUL-terminated: its features, or why it cannot run
};
/// Tries every backend, in the order in which open() would. Makes a few system calls each; any thread.
[[nodiscard]] CHIME_API std::array<backend_report, 3> probe_backends() noexcept;

}  // namespace CHIME_ABI
}  // namespace chime
