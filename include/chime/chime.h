// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The C interface, in C11: event pools, events and tickets, the completion loop and its operations.
///
/// What holds everywhere:
/// - **Results.** An int is 0 or a count, or else a negative errno value. A null pointer makes it -EINVAL; this is not
///   repeated below. Functions that return no int say what null does. No exception leaves a call.
/// - **Misuse stops the program** where no result could tell of it: one line on stderr that begins with "chime: ", then
///   abort(), in every build type.
/// - **Time.** `timeout_ns` counts nanoseconds of the monotonic clock from the call. Negative: no end.
/// - **Storage.** chime_pool, chime_cache and chime_operation are yours. Zero them before their first use, leave them
///   where they are while in use; nothing hangs on them afterwards.
/// - **Structs that may grow** begin with `size`: set it to the struct's sizeof before each call. Below version 0.1's:
///   -EINVAL. Of options, bytes that this library does not know must be zero, else -E2BIG. Of statistics it writes as
///   many bytes as there is room for, and zeroes those that it does not know.
/// - **Threads.** Any thread, at any time while the object lives, unless a function says otherwise.
/// - **Processes.** What a process made is not for the children that it forks: such a child makes its own, or calls exec or
///   _exit. One that polls, submits an operation, acquires, uses a cache or closes is stopped, unless it was made by vfork or
///   clone, or an acquire is served from what its thread has in stock.
/// - **Stability.** From version 1.0 on, this file's ABI only grows within a major version. Until then a minor version may
///   break it, and has another soname.
#ifndef CHIME_CHIME_H
#define CHIME_CHIME_H

#include <chime/config.hpp>  // plain preprocessor: version numbers and CHIME_API

#include <stddef.h>
#include <stdint.h>
#if defined(__cplusplus)
#define CHIME_ALIGNAS(bytes) alignas(bytes)
extern "C" {
#else
#include <stdbool.h>
#define CHIME_ALIGNAS(bytes) _Alignas(bytes)
#endif

/// The version of this header: major, minor and patch, as 0xMMmmpp.
#define CHIME_VERSION (CHIME_VERSION_MAJOR << 16 | CHIME_VERSION_MINOR << 8 | CHIME_VERSION_PATCH)
/// The same of the library that runs.
CHIME_API unsigned chime_version(void);

/// What was wrong, and what would be right, in the last call on this thread that failed for a reason of chime's or the
/// system's; "" if none has. (Null pointers, sizes and alignments are not kept: their cause is plain.) Valid until the next
/// call of this function on this thread. Statuses given to callbacks count too.
CHIME_API const char* chime_last_error(void);

// --- Types ----------------------------------------------------------------------------------------------------------

/// The loop. Made and freed by the library.
typedef struct chime_proactor chime_proactor;
/// One use of an event: yours from acquire until release, except while a wait is in flight. Memory of its pool.
typedef struct chime_event chime_event;
/// A pool. Aligned to 64, so malloc alone does not do for it: embed it, or use aligned_alloc.
typedef struct chime_pool {
  CHIME_ALIGNAS(64) uint64_t opaque[192];  ///< the library's
} chime_pool;
/// One thread's home in a pool.
typedef struct chime_cache {
  uint64_t opaque[4];  ///< the library's
} chime_cache;
/// A post, timer or watch. The loop's from submit until its callback is called; then submit it again, or free it.
typedef struct chime_operation {
  uint64_t opaque[16];  ///< the library's
} chime_operation;
/// Names one use of an event, for those who signal it. Copy it freely. After that use every call says "stale", until
/// the pool is deinitialised: by then nobody may use its tickets any more. All zero: always stale.
typedef struct chime_ticket {
  chime_event* event;   ///< not to be used in its place: it may have another holder by now
  uint64_t generation;  ///< which of its uses
} chime_ticket;

/// Where memory comes from. Both functions null: the heap. Both are called from any thread, also at the same time.
/// `allocate` returns null when there is none; `alignment` is a power of two; `deallocate` gets what `allocate` got. Neither throws.
typedef struct chime_allocator {
  void* (*allocate)(void* context, size_t size, size_t alignment);                ///< a block, or null
  void (*deallocate)(void* context, void* block, size_t size, size_t alignment);  ///< takes it back
  void* context;                                                                  ///< given to both
} chime_allocator;

/// What runs when an operation or a wait ends, exactly once for each submit, inside a poll, on the polling thread.
/// `status`: 0 (signalled, due, ready, posted), -ECANCELED, -ETIMEDOUT, or the -errno that the submitting function
/// names. `event`: the event whose wait ended, yours again: release it, or submit it again. Null for operations.
typedef void (*chime_callback)(void* context, int status, chime_event* event);

// --- The loop -------------------------------------------------------------------------------------------------------

/// How a loop is made. All but the size may be zero.
typedef struct chime_proactor_options {
  size_t size;          ///< sizeof(chime_proactor_options)
  const char* backend;  ///< "io_uring", "epoll" or "poll", with options after a colon: "io_uring:no-defer"
                        ///< Null or "": the environment variable CHIME_BACKEND, or else the first that runs here
  int64_t spin_ns;      ///< how long poll may spin before it sleeps, while that pays; 0: 50,000; negative: never
  uint32_t batch;       ///< the most completions that one poll runs; 0: 256
  bool guest;           ///< it lives in another loop: driven by guest_poll, not by poll or run. "poll" cannot be one
  chime_allocator allocator;  ///< of the loop itself; must outlive it
} chime_proactor_options;

/// Counted since creation; approximate while the loop runs on another thread.
typedef struct chime_proactor_stats {
  size_t size;             ///< sizeof(chime_proactor_stats)
  uint64_t completions;    ///< callbacks run
  uint64_t sleeps;         ///< times the loop blocked in the kernel; of a guest: times it fell asleep
  uint64_t wakeups;        ///< sleeps that another thread ended; each cost it one system call
  uint64_t kernel_checks;  ///< times the kernel was asked without blocking
} chime_proactor_stats;

/// Makes a loop; *out is null on failure, and nothing is left behind. Several system calls.
/// Errors: -EINVAL (unknown backend or backend option, half an allocator), -EOPNOTSUPP (the backend that was asked for,
/// or every one, cannot run here), -ENOMEM, -EMFILE, -ENFILE; rarely, what the kernel says to eventfd(2).
CHIME_API int chime_proactor_create(const chime_proactor_options* options, chime_proactor** out);
/// Frees the loop. Polling, and every call on it, must be over. Errors: -EBUSY (a pool is open, an operation is in
/// flight, or it is called from a completion of this loop): nothing has changed then.
CHIME_API int chime_proactor_destroy(chime_proactor* proactor);
/// Runs what is ready, at most `batch` completions, and returns how many. If nothing is, sleeps until something is,
/// until wake or stop, or until the timeout (0: does not sleep), and returns 0 if that came first. The first thread
/// that polls is the polling thread from then on. System calls: none while completions flow and no handle is watched.
/// Errors: -EPERM (another thread polls), -EBUSY (called from a completion), -EOPNOTSUPP (a guest), what the kernel says.
CHIME_API int chime_proactor_poll(chime_proactor* proactor, int64_t timeout_ns);
/// Polls until stop, also one that came before; each run that ends by it takes it back. 0, or the errors of poll.
CHIME_API int chime_proactor_run(chime_proactor* proactor);
/// Of a guest: readable, to whatever polls handles, when guest_poll has something to do. The same until destroy. The loop's:
/// not to be read, written or closed. -1: null, or no guest.
CHIME_API intptr_t chime_proactor_handle(const chime_proactor* proactor);
/// Of a guest: runs what is ready, at most `batch` completions, never blocks, and says in *next_ns how long the host may sleep:
/// it calls again when the handle is readable, and after so many nanoseconds at the latest. 0: at once, after whatever else
/// the host has to do (completions ran, or to fall asleep would not pay: spin_ns); -1: there is no deadline.
/// Between two calls at most one signal, submit or wake makes a system call, the first, which makes the handle readable.
/// Any thread, one at a time; on io_uring always the same, which must not end before destroy. System calls: none while completions
/// flow and no handle is watched; one or two before the loop falls asleep. 0, or -EOPNOTSUPP (no guest), -EPERM (another thread
/// is inside, or was the first on io_uring), -EBUSY (called from a completion), what the kernel says: call again then, as for 0.
CHIME_API int chime_proactor_guest_poll(chime_proactor* proactor, int64_t* next_ns);
/// Ends run. Signal handlers too; errno is kept. At most one system call, if the loop sleeps. The caller keeps the loop alive
/// meanwhile. Null: nothing.
CHIME_API void chime_proactor_stop(chime_proactor* proactor);
/// Makes the present or next poll return early. Else as stop.
CHIME_API void chime_proactor_wake(chime_proactor* proactor);
/// The backend in use, with the options in force. Valid until destroy. Null: "".
CHIME_API const char* chime_proactor_backend(const chime_proactor* proactor);
/// For people: why this backend was chosen, and others were passed over. Valid until destroy. Null: "".
CHIME_API const char* chime_proactor_backend_choice(const chime_proactor* proactor);
/// Counts so far. No lock, no system call. 0, or -EINVAL (`size`).
CHIME_API int chime_proactor_stats_read(const chime_proactor* proactor, chime_proactor_stats* stats);

// --- Operations -----------------------------------------------------------------------------------------------------
// Submitting is O(1), allocates nothing and makes no system call, but for one if the loop sleeps. A null argument other
// than the context, or an operation that is in flight, stops the program.

/// What a watch waits for.
enum {
  CHIME_READABLE = 1,  ///< reading would not block
  CHIME_WRITABLE = 2,  ///< writing would not block
};

/// Runs the callback inside a poll.
CHIME_API void chime_post(chime_proactor* proactor, chime_operation* operation, chime_callback callback, void* context);
/// Completes with 0 when the time has come; never, unless cancelled, if it is negative.
CHIME_API void chime_timer(chime_proactor* proactor, chime_operation* operation, int64_t timeout_ns,
                           chime_callback callback, void* context);
/// Completes once with 0 when the handle is ready (hung up or in error counts: reading or writing tells), with -EBADF
/// if it is no open handle, with -EMFILE, -ENOMEM or -ENOSPC if the kernel takes no more watches. Closing the handle
/// completes nothing: cancel first. `interest`: CHIME_READABLE or CHIME_WRITABLE; anything else stops the program.
CHIME_API void chime_watch(chime_proactor* proactor, chime_operation* operation, intptr_t handle, unsigned interest,
                           chime_callback callback, void* context);

/// What a completed wait for somebody else's handle has taken out of it, and what chime_drained() tells.
enum {
  CHIME_DRAIN_NOTHING = 0,            ///< nothing: the caller does what this kind of handle asks for; 0
  CHIME_DRAIN_EVENTFD = 1,            ///< the whole counter, which is 0 then; its value
  CHIME_DRAIN_EVENTFD_SEMAPHORE = 2,  ///< one of what a semaphore eventfd counts; 1
  CHIME_DRAIN_PIPE = 3,               ///< bytes, which are thrown away, up to 65,536 in one completion; how many
  CHIME_DRAIN_TIMERFD = 4,            ///< the expirations; how many
  CHIME_DRAIN_SIGNALFD = 5,           ///< one signal; its number
  CHIME_DRAIN_FENCE = 6,              ///< nothing, it stays readable for ever; 0. The handle -1 has signalled already
};
/// Waits for a handle of somebody else and reads it by `policy`, without blocking, whatever the file's mode, which is not
/// changed. 0 when it has read something; -ECANCELED or -ETIMEDOUT, and nothing was read (a negative timeout: never); if
/// another reader took what was there, the wait goes on. Errors: as for chime_watch, -EINVAL (not of the kind that `policy`
/// names: nothing was read), -EPIPE (a pipe that is empty, and whose writers are all gone), -ESTALE (a timerfd with
/// TFD_TIMER_CANCEL_ON_SET whose clock was set). The handle stays open, under this number, until the callback, or until
/// chime_cancel has said true. A `policy` that is none stops the program.
CHIME_API void chime_drain(chime_proactor* proactor, chime_operation* operation, intptr_t handle, unsigned policy,
                           int64_t timeout_ns, chime_callback callback, void* context);
struct signalfd_siginfo;  // of <sys/signalfd.h>
/// The same for a signalfd, with all that the kernel tells of the signal, in *into, which lives until the callback. Null: stops
/// the program.
CHIME_API void chime_drain_signal(chime_proactor* proactor, chime_operation* operation, intptr_t handle,
                                  struct signalfd_siginfo* into, int64_t timeout_ns, chime_callback callback,
                                  void* context);
/// What the last completion of the operation took from its handle; 0 if it failed or took nothing, or for null. For whoever may
/// submit it again: in its callback, or later.
CHIME_API uint64_t chime_drained(const chime_operation* operation);
/// True: the operation will complete with -ECANCELED. False: its outcome stands already (or is being read from its handle, and
/// then it completes without waiting any further), it was never submitted, or an argument is null. At most one system call, if the
/// loop sleeps. The caller keeps the operation alive, and does not submit it again, during the call.
CHIME_API bool chime_cancel(chime_proactor* proactor, chime_operation* operation);

// --- The pool -------------------------------------------------------------------------------------------------------

/// What a native event is made of.
enum {
  CHIME_PRIMITIVE_AUTOMATIC = 0,  ///< an eventfd if there is one, or else a pipe
  CHIME_PRIMITIVE_EVENTFD = 1,    ///< always an eventfd: one descriptor
  CHIME_PRIMITIVE_PIPE = 2,       ///< always a pipe: two descriptors
};

/// What chime_pool_initialize_with makes. All but the size may be zero.
typedef struct chime_pool_options {
  size_t size;              ///< sizeof(chime_pool_options)
  size_t initial_capacity;  ///< events made at once, kernel objects included
  size_t maximum_capacity;  ///< acquire never makes more; 0 or SIZE_MAX: what a pool can number, 16,000,000
  uint32_t primitive;       ///< CHIME_PRIMITIVE_...; of native events
  bool native;              ///< each event has a kernel object that others can poll and signal
} chime_pool_options;

/// made = free + cached + held + retired, whenever nobody is inside a call of the pool.
typedef struct chime_pool_stats {
  size_t size;             ///< sizeof(chime_pool_stats)
  size_t made;             ///< events that exist
  size_t free;             ///< in the pool, for anybody
  size_t cached;           ///< in a chime_cache, for its owner
  size_t held;             ///< acquired: with a holder or with the loop
  size_t retired;          ///< used 2^40 times, never handed out again
  uint64_t stale_signals;  ///< signals that came too late
} chime_pool_stats;

/// Makes the pool in *out (zeroed, or deinitialised), with `initial_capacity` events, whole or not at all. Every byte
/// of the events comes from the allocator, which must outlive the pool: at most 4096 bytes at a time, aligned to as many. All
/// completions run on the loop, which cannot be destroyed before the pool. No system call unless native: then one for
/// each event. Calls of initialize and deinitialize for one pool are serialised by the caller.
/// Errors: -EINVAL (half an allocator, maximum below initial, more than a pool can number, unknown primitive, *out not
/// aligned to 64), -EBUSY (*out is a pool in use), -ENOMEM, and if native -EMFILE, -ENFILE.
CHIME_API int chime_pool_initialize(chime_proactor* proactor, chime_allocator allocator, size_t initial_capacity,
                                    chime_pool* out);
/// The same with more options.
CHIME_API int chime_pool_initialize_with(chime_proactor* proactor, chime_allocator allocator,
                                         const chime_pool_options* options, chime_pool* out);
/// Refuses acquires from now on, and returns how many events are out (held, or in caches). At 0 everything has been
/// freed: by then calls on the pool and its tickets must be over, and its caches deinitialised (a cache that is left
/// over stops the program). Else nothing is freed: call again, polling meanwhile. Null, or a pool not in use: 0.
CHIME_API size_t chime_pool_deinitialize(chime_pool* pool);
/// An event, or null in *out. Lock-free but for the allocator's and the kernel's locks when the pool grows; a free
/// event wins over growth. No system call; if native, one if the primitive must be read empty, up to three to make or
/// replace it. Errors: -ENOBUFS (maximum_capacity events are out; native ones also while a late signaller is at them),
/// -ESHUTDOWN (the pool is not in use, or is being deinitialised), -ENOMEM, -EMFILE, -ENFILE. Each leaves it usable.
CHIME_API int chime_pool_acquire(chime_pool* pool, chime_event** out);
/// Gives the event back; its tickets are stale from then on, a signal that it kept is dropped. Lock-free, no
/// allocation, no system call. Null event: nothing. A second release, one while a wait is in flight, or to another pool
/// (or null): stops the program. A second release that comes when the event has been acquired again cannot be told from
/// a right one; two that race are caught for native events, and for all in debug builds.
CHIME_API void chime_pool_release(chime_pool* pool, chime_event* event);
/// Cancels every submitted wait in flight, no blocking ones. O(events made). System calls only to wake a loop that sleeps.
/// Null, or a pool not in use: nothing.
CHIME_API void chime_pool_cancel_all(chime_pool* pool);
/// Closes the kernel objects of free native events; acquire makes them again. Memory stays. Null: nothing.
CHIME_API void chime_pool_trim(chime_pool* pool);
/// Counts so far. O(events made): for people and tests. 0, or -EINVAL (`size`).
CHIME_API int chime_pool_stats_read(const chime_pool* pool, chime_pool_stats* stats);

/// A cache is one thread's home in a pool: most acquires and releases need no atomic read-modify-write. What was acquired here
/// comes back here, however it is released, if the cache's thread does it, or the polling thread inside a poll. Used by one
/// thread at a time: its first use binds it to its thread, another one stops the program until the first has detached it. It
/// keeps up to 320 events, which others cannot get meanwhile.
/// Errors of initialize: -ESHUTDOWN (the pool is not in use), -EBUSY (*out is a cache in use), -EINVAL (not aligned).
CHIME_API int chime_cache_initialize(chime_pool* pool, chime_cache* out);
/// Gives its events back to the pool. By its thread, or after detach or the end of that thread. Null, or a cache that is not
/// in use: nothing.
CHIME_API void chime_cache_deinitialize(chime_cache* cache);
/// By its thread: another one may use it from now on. Null, or a cache that is not in use: nothing.
CHIME_API void chime_cache_detach(chime_cache* cache);
/// As the pool's. An event may be acquired here and released to the pool, or the other way round. No atomic read-modify-write while
/// the cache has one.
CHIME_API int chime_cache_acquire(chime_cache* cache, chime_event** out);
/// As the pool's: into this cache, also an event that came from elsewhere in its pool.
CHIME_API void chime_cache_release(chime_cache* cache, chime_event* event);

// --- Events and tickets ---------------------------------------------------------------------------------------------
// Events are for their holder, one thread at a time. Tickets are for any thread and any signal handler: their functions
// are lock-free and keep errno.

/// What has become of a signal.
enum {
  CHIME_STALE = 0,      ///< the ticket's use of the event is over; nothing happened
  CHIME_DELIVERED = 1,  ///< this signal completes the wait, or will complete the next one of this use
  CHIME_COALESCED = 2,  ///< an earlier signal has not been consumed yet; both count as one
};

/// The ticket for the present use. Hand it over by something that synchronises. Null: a stale one.
CHIME_API chime_ticket chime_event_ticket(const chime_event* event);
/// CHIME_STALE, CHIME_DELIVERED or CHIME_COALESCED. What this thread wrote before is visible to the callback that
/// consumes the signal. No system call, unless the loop sleeps (one), a thread sleeps on the event (one), or the event
/// is native (one write, unless coalesced).
CHIME_API int chime_signal(chime_ticket ticket);
/// True: the submitted wait in flight in this use will complete with -ECANCELED. False: none is, or its outcome stands. At most one
/// system call, if the loop sleeps.
CHIME_API bool chime_ticket_cancel(chime_ticket ticket);
/// Whether this use is over. False may be out of date at once; true is final.
CHIME_API bool chime_ticket_expired(chime_ticket ticket);

/// Submits the wait; the event is the loop's until its callback. Completes with 0 when signalled, now or before;
/// -ECANCELED; -ETIMEDOUT; -EOVERFLOW if this use has waited 1,048,574 times; if native, also what the kernel says when
/// it takes no more waits (-ENOMEM, -ENOSPC), after which the event can be submitted again.
/// Allocates nothing; at most one system call, if the loop sleeps and has something to do. Any thread. A null event or
/// callback, or a wait in flight, stops the program.
CHIME_API void chime_event_submit(chime_event* event, int64_t timeout_ns, chime_callback callback, void* context);
/// Blocks this thread until the event is signalled (0; the signal is consumed) or until -ETIMEDOUT, after which it can
/// be waited for again. Not on a polling thread that others wait for. Spins for up to 50 us before it sleeps, as long as
/// that pays for the calling thread. No system call if signalled by then, else futex waits. Errors: -EOVERFLOW as above,
/// -EOPNOTSUPP (native events). A wait in flight stops the program.
CHIME_API int chime_event_wait(chime_event* event, int64_t timeout_ns);

/// The descriptor that is readable while the event is signalled. Borrowed: chime closes them. Others may poll and
/// write, not read. Asking for it makes the pool replace the primitive at the event's next acquire, since foreign
/// writes name no use; end foreign use by number before the release. Within this use a foreign write cannot be told
/// from a late write of a ticket: a second wait may complete by the latter. Errors: -EOPNOTSUPP (not native).
CHIME_API int chime_event_native(const chime_event* event, intptr_t* out);
/// The descriptor to write to: the same with an eventfd (write an 8-byte 1), the other end of a pipe otherwise (write a byte). Else
/// as chime_event_native.
CHIME_API int chime_event_native_signal(const chime_event* event, intptr_t* out);
/// The holder's word that nobody else writes to them any more: the primitive is only read empty then. Null: nothing.
CHIME_API void chime_event_foreign_use_ended(chime_event* event);

#if defined(__cplusplus)
}
#endif
#endif
