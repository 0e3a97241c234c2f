// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// chime/uv.h as a C program sees it: on the backend that is named, 77 if it cannot run here.
#include <chime/uv.h>
#include <stdatomic.h>
#include <string.h>

#include "c/check.h"

_Atomic unsigned failures = 0;

bool check(bool held, const char* text, const char* file, int line) {
  if (held) return true;
  fprintf(stderr, "%s:%d: %s\n", file, line, text);
  atomic_fetch_add(&failures, 1);
  return false;
}
bool check_equal(long long actual, long long expected, const char* text, const char* file, int line) {
  if (actual == expected) return true;
  fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", file, line, text, actual, expected);
  atomic_fetch_add(&failures, 1);
  return false;
}

/// A chime loop in a libuv loop of its own.
typedef struct world {
  uv_loop_t host;
  chime_proactor* loop;
  chime_pool pool;
  chime_uv_guest guest;
} world;

/// What a completion was told, and the event to be released.
typedef struct ending {
  world* in;
  chime_uv_wait wait;
  unsigned calls;
  int status;
} ending;

static void note_ending(void* context, int status, chime_event* event) {
  ending* e = context;
  ++e->calls;
  e->status = status;
  chime_pool_release(&e->in->pool, event);
}

static bool open_world(world* w, const char* backend) {
  const chime_proactor_options options = {.size = sizeof options, .backend = backend, .spin_ns = -1, .guest = true};
  memset(w, 0, sizeof *w);
  return CHECK_EQUAL(uv_loop_init(&w->host), 0) && CHECK_EQUAL(chime_proactor_create(&options, &w->loop), 0) &&
         CHECK_EQUAL(chime_pool_initialize(w->loop, heap, 4, &w->pool), 0) &&
         CHECK_EQUAL(chime_uv_init(&w->guest, &w->host, w->loop), 0);
}

static void too_late(uv_timer_t* timer) {
  CHECK("uv_run() has returned" == NULL);
  uv_stop(timer->loop);
}

/// uv_run() must return when nothing is outstanding.
static void run(world* w) {
  uv_timer_t watchdog;
  CHECK_EQUAL(uv_timer_init(&w->host, &watchdog), 0);
  CHECK_EQUAL(uv_timer_start(&watchdog, too_late, (uint64_t)patience_ns / 1000000, 0), 0);
  uv_unref((uv_handle_t*)&watchdog);
  CHECK_EQUAL(uv_run(&w->host, UV_RUN_DEFAULT), 0);
  uv_close((uv_handle_t*)&watchdog, NULL);
  uv_run(&w->host, UV_RUN_NOWAIT);
}

static unsigned closed;
static void count_closed(chime_uv_guest* guest) {
  CHECK(guest->data == &closed);
  ++closed;
}

static void close_world(world* w) {
  closed = 0;
  w->guest.data = &closed;
  CHECK_EQUAL(chime_uv_close(&w->guest, count_closed), 0);
  CHECK_EQUAL(chime_uv_close(&w->guest, count_closed), -EALREADY);
  CHECK_EQUAL(chime_pool_deinitialize(&w->pool), 0);
  CHECK_EQUAL(chime_proactor_destroy(w->loop), 0);
  CHECK_EQUAL(closed, 0);
  CHECK_EQUAL(uv_run(&w->host, UV_RUN_DEFAULT), 0);
  CHECK_EQUAL(closed, 1);
  CHECK_EQUAL(uv_loop_close(&w->host), 0);
}

static chime_ticket submit(world* w, ending* e, int64_t timeout_ns) {
  chime_event* event = NULL;
  CHECK_EQUAL(chime_pool_acquire(&w->pool, &event), 0);
  const chime_ticket ticket = chime_event_ticket(event);
  e->in = w;
  chime_uv_submit(&w->guest, &e->wait, event, timeout_ns, note_ending, e);
  return ticket;
}

static void signal_it(void* ticket) { CHECK_EQUAL(chime_signal(*(chime_ticket*)ticket), CHIME_DELIVERED); }
static void cancel_it(void* ticket) { CHECK(chime_ticket_cancel(*(chime_ticket*)ticket)); }

static void ends_by(world* w, void (*how)(void*), int status) {
  ending e = {0};
  chime_ticket ticket = submit(w, &e, -1);
  CHECK_EQUAL(chime_uv_close(&w->guest, NULL), -EBUSY);
  uv_thread_t thread;
  CHECK_EQUAL(uv_thread_create(&thread, how, &ticket), 0);
  run(w);
  CHECK_EQUAL(uv_thread_join(&thread), 0);
  CHECK_EQUAL(e.calls, 1);
  CHECK_EQUAL(e.status, status);
}

static void deadlines(world* w) {
  static const int64_t times_ns[] = {0, 1, 1500000, 4000000};
  for (size_t i = 0; i < sizeof times_ns / sizeof times_ns[0]; ++i) {
    ending e = {0};
    const uint64_t begin_ns = uv_hrtime();
    submit(w, &e, times_ns[i]);
    run(w);
    CHECK_EQUAL(e.status, -ETIMEDOUT);
    CHECK(uv_hrtime() - begin_ns >= (uint64_t)times_ns[i]);
  }
}

static void stop_guest(void* guest, int status, chime_event* event) {
  CHECK_EQUAL(status, 0);
  CHECK(event == NULL);
  chime_uv_stop(guest);
}

/// An operation of another thread, submitted while the loop sleeps.
static chime_operation operation;
static void submit_timer(void* w) {
  chime_timer(((world*)w)->loop, &operation, 2000000, stop_guest, &((world*)w)->guest);
}
static uv_thread_t submitter;
static void start_submitter(uv_timer_t* timer) {
  CHECK_EQUAL(uv_thread_create(&submitter, submit_timer, timer->data), 0);
}

static void operation_of_another_thread(world* w) {
  uv_timer_t later;
  memset(&operation, 0, sizeof operation);
  later.data = w;
  CHECK_EQUAL(uv_timer_init(&w->host, &later), 0);
  CHECK_EQUAL(uv_timer_start(&later, start_submitter, 3, 0), 0);
  chime_uv_start(&w->guest);
  run(w);
  CHECK_EQUAL(uv_thread_join(&submitter), 0);
  uv_close((uv_handle_t*)&later, NULL);
  run(w);
}

static int fail_to_turn(void* counter, int64_t* next_ns) {
  ++*(unsigned*)counter;
  (void)next_ns;
  return -EIO;
}
static void give_up(chime_uv_guest* guest, int error) {
  CHECK_EQUAL(error, -EIO);
  if (++*(unsigned*)guest->data == 3) chime_uv_stop(guest);
}

/// The turns of something that always fails are told, and go on, also when nothing but a deadline has called the first.
static void errors_are_told(world* w) {
  unsigned turns = 0;
  unsigned errors = 0;
  w->guest.turn = fail_to_turn;
  w->guest.loop = &turns;
  w->guest.on_error = give_up;
  w->guest.data = &errors;
  CHECK(!uv_is_active(&w->guest.again.handle));
  CHECK_EQUAL(uv_timer_start(&w->guest.due.timer, chime_uv_on_due_, 1, 0), 0);
  chime_uv_start(&w->guest);
  run(w);
  CHECK(errors >= 3);
  CHECK_EQUAL(errors, turns);
}

static void refused(world* w) {
  chime_uv_guest other;
  CHECK_EQUAL(chime_uv_init(NULL, &w->host, w->loop), -EINVAL);
  CHECK_EQUAL(chime_uv_init(&other, NULL, w->loop), -EINVAL);
  CHECK_EQUAL(chime_uv_init(&other, &w->host, NULL), -EINVAL);
  CHECK_EQUAL(chime_uv_init(&other, &w->host, w->loop), -EEXIST);
  const chime_proactor_options ordinary = {.size = sizeof ordinary};
  chime_proactor* loop = NULL;
  CHECK_EQUAL(chime_proactor_create(&ordinary, &loop), 0);
  CHECK_EQUAL(chime_uv_init(&other, &w->host, loop), -EINVAL);
  CHECK_EQUAL(chime_proactor_destroy(loop), 0);
}

/// False only if this machine cannot run it.
static bool runs_here(const char* backend) {
  const chime_proactor_options options = {.size = sizeof options, .backend = backend, .guest = true};
  chime_proactor* loop = NULL;
  const int error = chime_proactor_create(&options, &loop);
  if (error == 0) return chime_proactor_destroy(loop) == 0;
  fprintf(stderr, "%s cannot run here: %s\n", backend, strerror(-error));
  CHECK_EQUAL(error, -EOPNOTSUPP);
  return false;
}

int main(int count, char** arguments) {
  static world w;
  if (count != 2) return 2;
  if (!runs_here(arguments[1])) return atomic_load(&failures) == 0 ? 77 : 1;
  if (!open_world(&w, arguments[1])) return 1;
  refused(&w);
  ends_by(&w, signal_it, 0);
  ends_by(&w, cancel_it, -ECANCELED);
  deadlines(&w);
  operation_of_another_thread(&w);
  errors_are_told(&w);
  close_world(&w);
  return atomic_load(&failures) == 0 ? 0 : 1;
}
