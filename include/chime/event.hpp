// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// An event is one use of a one-to-one signal: one side holds the event and waits for it, the other side gets tickets
/// and signals. Events come from an `event_pool` (pool.hpp) and go back to it when they are destroyed.
#pragma once

#include <chime/detail/front.hpp>
#include <chime/error.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <utility>

namespace chime {
inline namespace CHIME_ABI {

using clock = std::chrono::steady_clock;  ///< the one that deadlines and timers count by: the system's monotonic clock
using time_point = clock::time_point;     ///< when a wait or a timer ends at the latest
using native_handle = std::intptr_t;      ///< a descriptor on POSIX
inline constexpr time_point never = time_point::max();  ///< no deadline

class event;
struct completion;
namespace detail {
struct cell;
}  // namespace detail

/// What has become of a signal.
enum class signal_result : unsigned char {
  stale,      ///< the ticket's use of the event is over; nothing happened
  delivered,  ///< this signal completes the wait, or will complete the next one of this use
  coalesced,  ///< an earlier signal has not been consumed yet; both count as one
};

/// Names one use of an event: what signallers get. Copyable, 16 bytes. Valid until the event's pool is closed; after
/// the event went back to its pool every call says "stale", also when the event is in use again. A default-made ticket
/// is stale.
///
/// All functions: any thread, any signal handler, lock-free, errno kept. What a thread wrote before signal() (delivered
/// or coalesced) is visible to the completion that consumes the signal.
class CHIME_API ticket {
 public:
  constexpr ticket() noexcept = default;
  /// Signals. No system call unless the loop sleeps (one), a thread sleeps on the event (one), or the event is native
  /// (one write, unless coalesced).
  signal_result signal() const noexcept;
  /// Cancels the submitted wait that is in flight in this use, if there is one that has no outcome yet: true, and its
  /// completion will say `cancelled`. False: none, or its outcome stands already. Never touches a later use; of several
  /// waits in one use it cancels the one that it meets. Blocking waits are not cancelled. At most one system call, if the loop
  /// sleeps.
  bool cancel() const noexcept;
  /// Whether this use is over. A hint: false may be out of date when it is returned; true is final.
  [[nodiscard]] bool expired() const noexcept;
  /// Whether both name the same use of the same event.
  friend bool operator==(const ticket&, const ticket&) noexcept = default;

 private:
  friend class event;
  constexpr ticket(detail::cell* cell, std::uint64_t generation) noexcept : cell_(cell), generation_(generation) {}
  detail::cell* cell_ = nullptr;
  std::uint64_t generation_ = 0;
};

/// A function and a context: what runs when an operation completes. Refers to the callable, never owns it: the callable
/// must live until it ran. Runs on the polling thread, inside poll. A callback that throws ends the program.
class callback {
 public:
  /// Called once for each submit, with the context. It may submit, acquire, release and signal, but not poll or close its loop.
  using function = void (*)(void* context, completion&& done);
  /// Calls `f` with this context, which may be null; `f` may not.
  constexpr callback(function f, void* context) noexcept : function_(f), context_(context) {}
  /// Refers to `f`, which must outlive the operation (hence no temporaries).
  template <class F>
    requires std::invocable<F&, completion&&>
  callback(F& f) noexcept  // NOLINT(google-explicit-constructor): a callable is a callback
      : function_([](void* c, completion&& d) { (*static_cast<F*>(c))(std::move(d)); }), context_(&f) {}
  /// Calls a member function: `callback::to<&request::done>(*this)`.
  template <auto Member, class T>
  [[nodiscard]] static callback to(T& object) noexcept {
    return {[](void* c, completion&& d) { (static_cast<T*>(c)->*Member)(std::move(d)); }, &object};
  }
  /// What is called, and with what: for adapters that put something of their own before it.
  [[nodiscard]] constexpr function target() const noexcept { return function_; }
  /// See target().
  [[nodiscard]] constexpr void* context() const noexcept { return context_; }

 private:
  function function_;
  void* context_;
};

/// Owner of one use of an event. Movable; used by one thread at a time (its holder's). Destroyed: the event goes back
/// to its pool, from any thread, without a system call, and every ticket of this use is stale from then on.
class [[nodiscard]] event {
 public:
  event() noexcept = default;  ///< holds none
  /// Takes what the other holds, which is empty then. Tickets stay good. No atomic operation.
  event(event&& other) noexcept : front_(std::exchange(other.front_, nullptr)) {}
  /// The same, after what this one held went back to its pool.
  event& operator=(event&& other) noexcept {
    if (this != &other) {
      reset();
      front_ = std::exchange(other.front_, nullptr);
    }
    return *this;
  }
  event(const event&) = delete;
  event& operator=(const event&) = delete;
  [[gnu::always_inline]] ~event() {
    if (front_ != nullptr) detail::release(*front_);
  }

  /// Whether this holds an event. All functions below but reset() need one; without, they stop the program.
  explicit operator bool() const noexcept { return front_ != nullptr; }
  /// Gives the event back to its pool now.
  [[gnu::always_inline]] void reset() noexcept {  // else every handle that is moved lies in memory
    if (front_ != nullptr) detail::release(*std::exchange(front_, nullptr));
  }

  /// For the signaller: any number of copies, or calls. No system call. Hand it over by something that synchronises (a
  /// queue, a thread's start, an atomic release).
  [[nodiscard]] CHIME_API ticket get_ticket() const noexcept;

  /// Submits the wait: the loop owns the event until it hands it back in the completion, which tells success
  /// (signalled, now or before), `cancelled` or `timed_out`, exactly once. Allocates nothing and cannot fail; any
  /// thread. At most one system call, a wake-up if the loop sleeps and there is something for it to do. A use that has
  /// waited 1,048,574 times completes with `waits_exhausted`; a native wait that the kernel refuses with the kernel's
  /// code (ENOMEM, ENOSPC), and may be tried again. Stops the program if the pool has no loop.
  CHIME_API void submit(callback done, time_point deadline = never) && noexcept;

  /// Blocks the calling thread until signalled (success, the signal is consumed) or until the deadline (`timed_out`,
  /// the event can be waited for again). Not on the polling thread of a loop that should make progress meanwhile.
  /// Spins for up to 50 us before it sleeps, as long as that pays for the calling thread: it gives up after a few vain
  /// spins. System calls: none if signalled by then, else futex waits. Errors: timed_out, waits_exhausted,
  /// native_only_in_loop.
  [[nodiscard]] CHIME_API result<void> wait_until(time_point deadline) noexcept;
  /// The same without a deadline.
  [[nodiscard]] result<void> wait() noexcept { return wait_until(never); }

  /// The handle that is readable while the event is signalled; with an eventfd, writing an 8-byte 1 to it signals.
  /// Borrowed: chime closes it. Others may poll and write it, not read it. Asking makes the pool replace the primitive
  /// at the event's next acquire (2 to 3 us), since foreign writes name no use; end foreign use by number before the
  /// event goes back. Within this use, a foreign write cannot be told from a late write of a ticket: a second wait may
  /// complete by the latter. Errors: not_native.
  [[nodiscard]] CHIME_API result<native_handle> native() const noexcept;
  /// The handle to write to: the same with an eventfd, the other end of a pipe. Otherwise like native(). A process that
  /// kept a duplicate of a pipe's end gets SIGPIPE for writes after the pool has replaced it; with an eventfd they are lost.
  [[nodiscard]] CHIME_API result<native_handle> native_signal() const noexcept;
  /// The holder's word that nobody else writes to the handles any more: the primitive is then only read empty, not
  /// replaced.
  CHIME_API void foreign_use_ended() noexcept;

 private:
  friend struct detail::cell;
  friend class event_cache;
  friend class event_pool;
  explicit event(detail::event_front* front) noexcept : front_(front) {}
  [[nodiscard]] static result<event> from(detail::acquired got) noexcept {
    if (got.event != nullptr) [[likely]]
      return event{got.event};
    return std::unexpected(detail::error_of(got));
  }
  detail::event_front* front_ = nullptr;
};

/// What a callback gets. `ev` is the event whose wait ended, yours again: keep it to wait once more, or drop it to
/// release it. For operations (timer, watch, post) `ev` is empty and the operation's memory is yours again.
struct completion {
  std::error_code error;  ///< none: signalled, timer due, handle ready, post ran
  event ev;               ///< of a wait for an event; else empty
};

}  // namespace CHIME_ABI
}  // namespace chime
