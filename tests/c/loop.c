// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Polling, running, stopping and waking; who may poll, and when a loop may be destroyed.
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "check.h"

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void* stop_it(void* loop) {
  chime_proactor_stop(loop);
  return NULL;
}
static void* wake_it(void* loop) {
  chime_proactor_wake(loop);
  return NULL;
}
static void* poll_it(void* loop) {
  CHECK_EQUAL(chime_proactor_poll(loop, 0), -EPERM);
  CHECK_EQUAL(chime_proactor_run(loop), -EPERM);
  return NULL;
}

static void with_thread(void* (*run)(void*), chime_proactor* loop, int (*meanwhile)(chime_proactor*)) {
  pthread_t thread;
  if (!CHECK_EQUAL(pthread_create(&thread, NULL, run, loop), 0)) return;
  if (meanwhile != NULL) CHECK_EQUAL(meanwhile(loop), 0);
  CHECK_EQUAL(pthread_join(thread, NULL), 0);
}
static int poll_long(chime_proactor* loop) { return chime_proactor_poll(loop, patience_ns); }

static chime_proactor* interrupted;
static void stop_from_handler(int number) {
  (void)number;
  chime_proactor_stop(interrupted);
}

static void stop_by_signal_handler(chime_proactor* loop) {
  struct sigaction action;
  struct sigaction before;
  memset(&action, 0, sizeof action);
  action.sa_handler = stop_from_handler;
  interrupted = loop;
  sigaction(SIGALRM, &action, &before);
  // A timer of the system, so that it most likely strikes while the loop sleeps.
  timer_t timer;
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
  const struct itimerspec soon = {.it_value = {.tv_nsec = 2000000}};
  if (CHECK_EQUAL(timer_create(CLOCK_MONOTONIC, &event, &timer), 0)) {
    CHECK_EQUAL(timer_settime(timer, 0, &soon, NULL), 0);
    CHECK_EQUAL(chime_proactor_run(loop), 0);
    timer_delete(timer);
  }
  sigaction(SIGALRM, &before, NULL);
}

typedef struct inside {
  chime_proactor* loop;
  unsigned calls;
} inside;
static void reenter(void* context, int status, chime_event* event) {
  inside* in = context;
  ++in->calls;
  CHECK_EQUAL(status, 0);
  CHECK(event == NULL);
  CHECK_EQUAL(chime_proactor_poll(in->loop, 0), -EBUSY);
  CHECK_EQUAL(chime_proactor_run(in->loop), -EBUSY);
  CHECK_EQUAL(chime_proactor_destroy(in->loop), -EBUSY);
}

static void busy_when_in_use(chime_proactor* loop) {
  static chime_pool pool;
  chime_operation operation = {0};
  record r = {0};
  CHECK_EQUAL(chime_pool_initialize(loop, heap, 0, &pool), 0);
  CHECK_EQUAL(chime_proactor_destroy(loop), -EBUSY);
  CHECK_EQUAL(chime_pool_deinitialize(&pool), 0);
  chime_timer(loop, &operation, -1, note, &r);
  CHECK_EQUAL(chime_proactor_destroy(loop), -EBUSY);
  CHECK(chime_cancel(loop, &operation));
  EXPECT(loop, &r, -ECANCELED);
}

static void batches(const char* backend) {
  chime_proactor_options options = {.size = sizeof options, .backend = backend, .batch = 3};
  chime_proactor* loop = NULL;
  chime_operation operations[7] = {0};
  record r = {0};
  CHECK_EQUAL(chime_proactor_create(&options, &loop), 0);
  for (int i = 0; i < 7; ++i) chime_post(loop, &operations[i], note, &r);
  CHECK_EQUAL(chime_proactor_poll(loop, 0), 3);
  CHECK_EQUAL(chime_proactor_poll(loop, 0), 3);
  CHECK_EQUAL(chime_proactor_poll(loop, 0), 1);
  CHECK_EQUAL(r.calls, 7);
  CHECK_EQUAL(chime_proactor_destroy(loop), 0);
}

void test_loop(const char* backend) {
  chime_proactor* loop = make_loop(backend);
  if (loop == NULL) return;
  const size_t name = strcspn(backend, ":");
  CHECK(strncmp(chime_proactor_backend(loop), backend, name) == 0);
  CHECK(strstr(chime_proactor_backend_choice(loop), "was asked for") != NULL);

  CHECK_EQUAL(chime_proactor_poll(loop, 0), 0);
  const int64_t start = now_ns();
  CHECK_EQUAL(chime_proactor_poll(loop, 3000000), 0);
  CHECK(now_ns() - start >= 3000000);
  chime_proactor_wake(loop);
  CHECK_EQUAL(chime_proactor_poll(loop, patience_ns), 0);
  chime_proactor_stop(loop);
  CHECK_EQUAL(chime_proactor_run(loop), 0);

  with_thread(wake_it, loop, poll_long);
  with_thread(stop_it, loop, chime_proactor_run);
  with_thread(poll_it, loop, NULL);
  stop_by_signal_handler(loop);
  busy_when_in_use(loop);

  chime_operation operation = {0};
  inside in = {loop, 0};
  chime_post(loop, &operation, reenter, &in);
  poll_until(loop, &in.calls, 1);

  chime_proactor_stats stats = {.size = sizeof stats};
  CHECK_EQUAL(chime_proactor_stats_read(loop, &stats), 0);
  CHECK_EQUAL(stats.completions, 2);
  CHECK(stats.sleeps >= 1 && stats.wakeups <= stats.sleeps);
  CHECK_EQUAL(chime_proactor_destroy(loop), 0);
  batches(backend);
}
