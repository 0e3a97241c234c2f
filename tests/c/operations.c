// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Posts, timers and watches.
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "check.h"

typedef struct again {
  chime_proactor* loop;
  chime_operation operation;
  unsigned calls;
} again;
/// Submits itself from inside its own completion, five times.
static void post_again(void* context, int status, chime_event* event) {
  again* a = context;
  CHECK_EQUAL(status, 0);
  CHECK(event == NULL);
  if (++a->calls < 5) chime_post(a->loop, &a->operation, post_again, a);
}

static void* post_from_thread(void* context) {
  again* a = context;
  chime_post(a->loop, &a->operation, post_again, a);
  return NULL;
}

static void posts(chime_proactor* loop) {
  again a = {.loop = loop};
  pthread_t thread;
  if (!CHECK_EQUAL(pthread_create(&thread, NULL, post_from_thread, &a), 0)) return;
  poll_until(loop, &a.calls, 5);
  CHECK_EQUAL(pthread_join(thread, NULL), 0);
}

static void timers(chime_proactor* loop) {
  chime_operation first = {0};
  chime_operation second = {0};
  record early = {0};
  record late = {0};
  chime_timer(loop, &second, 4000000, note, &late);
  chime_timer(loop, &first, 1000, note, &early);
  EXPECT(loop, &early, 0);
  EXPECT(loop, &late, 0);
  chime_timer(loop, &first, 0, note, &early);
  EXPECT(loop, &early, 0);
  CHECK(!chime_cancel(loop, &first));  // its outcome stands
  chime_timer(loop, &first, -1, note, &early);
  CHECK_EQUAL(chime_proactor_poll(loop, 0), 0);  // takes it
  CHECK_EQUAL(chime_proactor_poll(loop, 0), 0);  // would find it due
  CHECK(chime_cancel(loop, &first));
  CHECK(!chime_cancel(loop, &first));
  EXPECT(loop, &early, -ECANCELED);
  // So far away that the sum would overflow.
  chime_timer(loop, &first, INT64_MAX, note, &early);
  CHECK_EQUAL(chime_proactor_poll(loop, 0), 0);
  CHECK_EQUAL(chime_proactor_poll(loop, 0), 0);
  CHECK(chime_cancel(loop, &first));
  EXPECT(loop, &early, -ECANCELED);
  // Storage that was used before may be zeroed, like fresh storage.
  memset(&first, 0, sizeof first);
  chime_post(loop, &first, note, &early);
  EXPECT(loop, &early, 0);
}

static void watches(chime_proactor* loop) {
  int ends[2];
  if (!CHECK_EQUAL(pipe(ends), 0)) return;
  chime_operation operation = {0};
  record r = {0};
  chime_watch(loop, &operation, ends[1], CHIME_WRITABLE, note, &r);
  EXPECT(loop, &r, 0);
  chime_watch(loop, &operation, ends[0], CHIME_READABLE, note, &r);
  CHECK_EQUAL(chime_proactor_poll(loop, 0), 0);
  CHECK_EQUAL(write(ends[1], "x", 1), 1);
  EXPECT(loop, &r, 0);
  char byte = 0;
  CHECK_EQUAL(read(ends[0], &byte, 1), 1);
  chime_watch(loop, &operation, ends[0], CHIME_READABLE, note, &r);
  CHECK_EQUAL(chime_proactor_poll(loop, 0), 0);
  CHECK(chime_cancel(loop, &operation));
  EXPECT(loop, &r, -ECANCELED);
  // Hung up counts as ready.
  chime_watch(loop, &operation, ends[0], CHIME_READABLE, note, &r);
  close(ends[1]);
  EXPECT(loop, &r, 0);
  close(ends[0]);
}

static void drains(chime_proactor* loop) {
  chime_operation operation = {0};
  record r = {0};
  CHECK_EQUAL(chime_drained(&operation), 0);
  CHECK_EQUAL(chime_drained(NULL), 0);
  const int counter = eventfd(3, EFD_CLOEXEC);
  const int semaphore = eventfd(3, EFD_CLOEXEC | EFD_SEMAPHORE);
  chime_drain(loop, &operation, counter, CHIME_DRAIN_EVENTFD, -1, note, &r);
  EXPECT(loop, &r, 0);
  CHECK_EQUAL(chime_drained(&operation), 3);
  chime_drain(loop, &operation, semaphore, CHIME_DRAIN_EVENTFD_SEMAPHORE, -1, note, &r);
  EXPECT(loop, &r, 0);
  CHECK_EQUAL(chime_drained(&operation), 1);
  chime_drain(loop, &operation, semaphore, CHIME_DRAIN_NOTHING, -1, note, &r);
  EXPECT(loop, &r, 0);
  CHECK_EQUAL(chime_drained(&operation), 0);
  chime_drain(loop, &operation, counter, CHIME_DRAIN_EVENTFD, 1000000, note, &r);
  EXPECT(loop, &r, -ETIMEDOUT);
  chime_drain(loop, &operation, counter, CHIME_DRAIN_EVENTFD, -1, note, &r);
  CHECK(chime_cancel(loop, &operation));
  EXPECT(loop, &r, -ECANCELED);
  CHECK_EQUAL(chime_drained(&operation), 0);
  chime_drain(loop, &operation, counter, CHIME_DRAIN_PIPE, -1, note, &r);
  EXPECT(loop, &r, -EINVAL);
  chime_drain(loop, &operation, -1, CHIME_DRAIN_TIMERFD, -1, note, &r);
  EXPECT(loop, &r, -EBADF);
  chime_drain(loop, &operation, -1, CHIME_DRAIN_FENCE, -1, note, &r);
  EXPECT(loop, &r, 0);
  close(counter);
  close(semaphore);
  int ends[2];
  if (!CHECK_EQUAL(pipe(ends), 0)) return;
  CHECK_EQUAL(write(ends[1], "xyz", 3), 3);
  close(ends[1]);
  chime_drain(loop, &operation, ends[0], CHIME_DRAIN_PIPE, -1, note, &r);
  EXPECT(loop, &r, 0);
  CHECK_EQUAL(chime_drained(&operation), 3);
  chime_drain(loop, &operation, ends[0], CHIME_DRAIN_PIPE, -1, note, &r);
  EXPECT(loop, &r, -EPIPE);
  close(ends[0]);
}

static void signals(chime_proactor* loop) {
  chime_operation operation = {0};
  record r = {0};
  sigset_t set;
  sigset_t before;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  CHECK_EQUAL(pthread_sigmask(SIG_BLOCK, &set, &before), 0);
  const int fd = signalfd(-1, &set, SFD_CLOEXEC);
  CHECK_EQUAL(pthread_kill(pthread_self(), SIGUSR1), 0);
  chime_drain(loop, &operation, fd, CHIME_DRAIN_SIGNALFD, -1, note, &r);
  EXPECT(loop, &r, 0);
  CHECK_EQUAL(chime_drained(&operation), SIGUSR1);
  struct signalfd_siginfo info = {0};
  CHECK_EQUAL(pthread_kill(pthread_self(), SIGUSR1), 0);
  chime_drain_signal(loop, &operation, fd, &info, -1, note, &r);
  EXPECT(loop, &r, 0);
  CHECK_EQUAL(info.ssi_signo, SIGUSR1);
  CHECK_EQUAL(info.ssi_pid, getpid());
  close(fd);
  CHECK_EQUAL(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
}

static void bad_handles(chime_proactor* loop) {
  chime_operation operation = {0};
  record r = {0};
  // The third would be standard input if its upper half were lost.
  const intptr_t none[] = {-1, 1000000000, (intptr_t)1 << 40, INTPTR_MIN};
  for (size_t i = 0; i < sizeof none / sizeof none[0]; ++i) {
    chime_watch(loop, &operation, none[i], CHIME_READABLE, note, &r);
    EXPECT(loop, &r, -EBADF);
  }
}

void test_operations(const char* backend) {
  chime_proactor* loop = make_loop(backend);
  if (loop == NULL) return;
  posts(loop);
  timers(loop);
  watches(loop);
  drains(loop);
  signals(loop);
  bad_handles(loop);
  CHECK_EQUAL(chime_proactor_destroy(loop), 0);
}
