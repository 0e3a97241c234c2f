// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A chime loop inside a libuv loop: libuv sleeps, and completions run in its callbacks, on its thread. In C11, header only.
/// The program links to libuv 1.x itself (which needs _POSIX_C_SOURCE 200809L or more). C++ has a face of its own:
/// chime/uv.hpp.
///
/// A guest is three handles of libuv: a uv_poll_t on the chime loop's handle, a uv_timer_t for its next deadline, and a
/// uv_idle_t that is active while the chime loop wants its next turn without a sleep. They keep uv_run() from returning while
/// a wait is counted as outstanding (chime_uv_submit, chime_uv_start), and only then.
///
/// - **Threads.** libuv is not thread-safe: every function here is for the thread of the libuv loop, completions included.
///   chime itself is: other threads signal, cancel, and submit with chime_event_submit or the functions for operations, which
///   wake the libuv loop when they must. Nothing counts such waits: chime_uv_start keeps uv_run() going meanwhile.
/// - **Deadlines.** libuv's timers count milliseconds: a deadline is served when it has come, and at most a millisecond
///   later, plus what libuv's other callbacks take.
/// - **Costs.** A turn, when libuv has slept: what libuv itself pays for a descriptor that became readable, and what
///   chime_proactor_guest_poll says. While the guest has nothing to do it costs nothing.
/// - **Storage.** A guest and a wait are yours and stay where they are: a guest until its close callback, a wait until its
///   callback.
#ifndef CHIME_UV_H
#define CHIME_UV_H

#include <chime/chime.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#if defined(__cplusplus)
extern "C" {
#endif

/// A chime loop inside a libuv loop: in the caller's memory, from chime_uv_init until its close callback.
typedef struct chime_uv_guest chime_uv_guest;

/// Told of an error: -errno, from chime_proactor_guest_poll, or from libuv about its handles. The guest goes on, and tries
/// again in the next round of the libuv loop, unless this closes it (or stops the loop).
typedef void (*chime_uv_error_callback)(chime_uv_guest* guest, int error);
/// The guest's memory is yours again.
typedef void (*chime_uv_close_callback)(chime_uv_guest* guest);

/// Made by chime_uv_init.
struct chime_uv_guest {
  void* data;  ///< yours
  /// Yours to set, after init. Null: an error prints one line on stderr and stops the program.
  chime_uv_error_callback on_error;

  /// \cond the guest's own from here on
  union {
    uv_handle_t handle;
    uv_poll_t poll;
  } readable;  ///< active from init to close
  union {
    uv_handle_t handle;
    uv_timer_t timer;
  } due;
  union {
    uv_handle_t handle;
    uv_idle_t idle;
  } again;
  int (*turn)(void* loop, int64_t* next_ns);  ///< as chime_proactor_guest_poll
  void* loop;
  uint64_t outstanding;  ///< starts and waits
  uint64_t turns;        ///< calls of guest_poll so far: a statistic
  unsigned open_handles;
  bool closing;
  chime_uv_close_callback on_close;
  /// \endcond
};

/// A wait that its guest counts: in the caller's memory, zeroed before its first use. The guest's from submit until the
/// callback is called.
typedef struct chime_uv_wait {
  chime_uv_guest* guest;    ///< null: not in flight
  chime_callback callback;  ///< what was submitted, and its context
  void* context;            ///< see callback
} chime_uv_wait;

// --- Inside ---------------------------------------------------------------------------------------------------------

// Users of either language may forbid the casts of the other one.
#if defined(__cplusplus)
#define CHIME_UV_CAST_(type, value) static_cast<type>(value)
#else
#define CHIME_UV_CAST_(type, value) ((type)(value))
#endif

__attribute__((noreturn)) static inline void chime_uv_misuse_(const char* what) {
  fprintf(stderr, "chime: %s\n", what);
  abort();
}

static inline void chime_uv_fail_(chime_uv_guest* guest, int error) {
  if (guest->on_error != NULL) {
    guest->on_error(guest, error);
    return;
  }
  fprintf(stderr, "chime: the guest of a libuv loop has failed: %s\n", uv_strerror(error));
  abort();
}

static inline void chime_uv_turn_(chime_uv_guest* guest);

static inline void chime_uv_on_due_(uv_timer_t* timer) { chime_uv_turn_(CHIME_UV_CAST_(chime_uv_guest*, timer->data)); }
static inline void chime_uv_on_again_(uv_idle_t* idle) { chime_uv_turn_(CHIME_UV_CAST_(chime_uv_guest*, idle->data)); }
static inline void chime_uv_on_readable_(uv_poll_t* poll, int status, int events) {
  chime_uv_guest* const guest = CHIME_UV_CAST_(chime_uv_guest*, poll->data);
  (void)events;
  if (status < 0) {  // libuv has stopped polling
    chime_uv_fail_(guest, status);
    if (guest->closing) return;
    status = uv_poll_start(poll, UV_READABLE, chime_uv_on_readable_);
    if (status < 0) chime_uv_fail_(guest, status);
  }
  // A turn that is due in the next round anyway sees to it: while the loop stays awake, its handle may stay readable.
  if (!guest->closing && !uv_is_active(&guest->again.handle)) chime_uv_turn_(guest);
}

/// Arms what calls the next turn.
static inline int chime_uv_arm_(chime_uv_guest* guest, int64_t next_ns) {
  int failed = 0;
  if (next_ns == 0) return uv_idle_start(&guest->again.idle, chime_uv_on_again_);
  failed = uv_idle_stop(&guest->again.idle);
  if (failed == 0 && next_ns < 0) failed = uv_timer_stop(&guest->due.timer);
  if (failed == 0 && next_ns > 0) {
    // libuv counts from the time that it read last; what has passed since is added.
    const uint64_t now_ms = uv_hrtime() / 1000000;
    const uint64_t read_ms = uv_now(guest->due.timer.loop);
    const uint64_t left_ms = (CHIME_UV_CAST_(uint64_t, next_ns) - 1) / 1000000 + 1;
    const uint64_t passed_ms = now_ms > read_ms ? now_ms - read_ms : 0;
    failed = uv_timer_start(&guest->due.timer, chime_uv_on_due_, passed_ms + left_ms, 0);
  }
  return failed;
}

static inline void chime_uv_turn_(chime_uv_guest* guest) {
  int64_t next_ns = -1;
  int failed = 0;
  ++guest->turns;
  failed = guest->turn(guest->loop, &next_ns);
  if (guest->closing) return;  // closed by a completion
  if (failed >= 0) failed = chime_uv_arm_(guest, next_ns);
  if (failed >= 0) return;
  chime_uv_fail_(guest, failed);
  // What has failed may have left something to do; nobody else would come back to it. (This fails without a callback only.)
  if (!guest->closing) (void)uv_idle_start(&guest->again.idle, chime_uv_on_again_);
}

/// chime_uv_init for a loop of any type, which `turn` drives.
static inline int chime_uv_init_(chime_uv_guest* guest, uv_loop_t* host, intptr_t handle,
                                 int (*turn)(void* loop, int64_t* next_ns), void* loop) {
  int failed = 0;
  guest->data = NULL;
  guest->on_error = NULL;
  guest->turn = turn;
  guest->loop = loop;
  guest->outstanding = 0;
  guest->turns = 0;
  guest->open_handles = 3;
  guest->closing = false;
  guest->on_close = NULL;
  failed = handle < 0 ? -EINVAL : uv_poll_init(host, &guest->readable.poll, CHIME_UV_CAST_(int, handle));
  if (failed != 0) return failed;
  // The first fails only for descriptors that uv_poll_init has refused, the others never do: there is nothing to undo.
  failed = uv_poll_start(&guest->readable.poll, UV_READABLE, chime_uv_on_readable_);
  if (failed == 0) failed = uv_timer_init(host, &guest->due.timer);
  if (failed == 0) failed = uv_idle_init(host, &guest->again.idle);
  // The first turn: only what follows a turn makes the handle readable.
  if (failed == 0) failed = uv_idle_start(&guest->again.idle, chime_uv_on_again_);
  if (failed != 0) chime_uv_misuse_("libuv has accepted a descriptor, and then refused to poll it");
  guest->readable.handle.data = guest;
  guest->due.handle.data = guest;
  guest->again.handle.data = guest;
  uv_unref(&guest->readable.handle);
  uv_unref(&guest->due.handle);
  uv_unref(&guest->again.handle);
  return 0;
}

static inline int chime_uv_turn_proactor_(void* loop, int64_t* next_ns) {
  return chime_proactor_guest_poll(CHIME_UV_CAST_(chime_proactor*, loop), next_ns);
}

static inline void chime_uv_on_close_(uv_handle_t* handle) {
  chime_uv_guest* const guest = CHIME_UV_CAST_(chime_uv_guest*, handle->data);
  if (--guest->open_handles == 0 && guest->on_close != NULL) guest->on_close(guest);
}

// --- The guest ------------------------------------------------------------------------------------------------------

/// Puts `loop`, made with chime_proactor_options.guest, into `host`, which lives longer. Its first turn is in the next round
/// of `host`. The loop must stay until chime_uv_close has returned 0. A few system calls.
/// Errors: -EINVAL (a null argument, or the loop is no guest), -EEXIST (it has a guest in `host` already), -EPERM and what
/// else the kernel says to epoll_ctl(2). The guest's memory is yours then.
static inline int chime_uv_init(chime_uv_guest* guest, uv_loop_t* host, chime_proactor* loop) {
  if (guest == NULL || host == NULL || loop == NULL) return -EINVAL;
  return chime_uv_init_(guest, host, chime_proactor_handle(loop), chime_uv_turn_proactor_, loop);
}

/// Keeps uv_run() from returning until chime_uv_stop: for waits and operations that are submitted directly, and by other
/// threads. Counts: each start needs its stop. No system call.
static inline void chime_uv_start(chime_uv_guest* guest) {
  if (guest->closing) chime_uv_misuse_("a guest of a libuv loop was used after its close");
  if (guest->outstanding++ == 0) uv_ref(&guest->readable.handle);
}
/// Takes one chime_uv_start back. Without one it stops the program. The guest is served on while uv_run() runs for others.
static inline void chime_uv_stop(chime_uv_guest* guest) {
  if (guest->outstanding == 0) chime_uv_misuse_("a guest of a libuv loop was stopped more often than started");
  if (--guest->outstanding == 0) uv_unref(&guest->readable.handle);
}

static inline void chime_uv_ended_(void* context, int status, chime_event* event) {
  chime_uv_wait* const wait = CHIME_UV_CAST_(chime_uv_wait*, context);
  chime_uv_guest* const guest = wait->guest;
  wait->guest = NULL;
  chime_uv_stop(guest);
  wait->callback(wait->context, status, event);
}

/// Submits the event's wait as chime_event_submit does, and keeps uv_run() from returning until its callback is called. The
/// callback may use `wait` again, submit again, and close the guest. A wait in flight stops the program.
static inline void chime_uv_submit(chime_uv_guest* guest, chime_uv_wait* wait, chime_event* event, int64_t timeout_ns,
                                   chime_callback callback, void* context) {
  if (wait->guest != NULL) chime_uv_misuse_("a wait in a libuv loop was submitted while it is in flight");
  if (callback == NULL) chime_uv_misuse_("a wait in a libuv loop was submitted without a callback");
  wait->guest = guest;
  wait->callback = callback;
  wait->context = context;
  chime_uv_start(guest);
  chime_event_submit(event, timeout_ns, chime_uv_ended_, wait);
}

/// Ends the guest: no turn comes after this, and the chime loop may be destroyed when it returns. `closed` (may be null) is
/// called in a later round of the libuv loop: until then the guest's memory must stay. Completions may call it.
/// Errors: -EBUSY (waits, or starts, are outstanding: cancel them first; nothing has changed), -EALREADY (closed before).
static inline int chime_uv_close(chime_uv_guest* guest, chime_uv_close_callback closed) {
  if (guest->closing) return -EALREADY;
  if (guest->outstanding != 0) return -EBUSY;
  guest->closing = true;
  guest->on_close = closed;
  uv_close(&guest->readable.handle, chime_uv_on_close_);
  uv_close(&guest->due.handle, chime_uv_on_close_);
  uv_close(&guest->again.handle, chime_uv_on_close_);
  return 0;
}

#undef CHIME_UV_CAST_

#if defined(__cplusplus)
}
#endif
#endif
