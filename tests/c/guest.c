// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A loop that lives in another one: here the plainest, which sleeps in poll(2) on one handle.
#include <poll.h>
#include <string.h>

#include "check.h"

static int readable(const chime_proactor* loop, int timeout_ms) {
  struct pollfd waited = {.fd = (int)chime_proactor_handle(loop), .events = POLLIN};
  return poll(&waited, 1, timeout_ms);
}

/// Calls until the guest sleeps; for how long, at most.
static int64_t lull(chime_proactor* loop) {
  int64_t next_ns = 0;
  while (next_ns == 0) {
    if (!CHECK_EQUAL(chime_proactor_guest_poll(loop, &next_ns), 0)) return -1;
  }
  return next_ns;
}

typedef struct inside {
  chime_proactor* loop;
  unsigned calls;
} inside;
static void reenter(void* context, int status, chime_event* event) {
  inside* in = context;
  int64_t next_ns = 0;
  ++in->calls;
  CHECK_EQUAL(status, 0);
  CHECK(event == NULL);
  CHECK_EQUAL(chime_proactor_guest_poll(in->loop, &next_ns), -EBUSY);
}

static void drive(chime_proactor* loop, chime_pool* pool) {
  chime_event* event = NULL;
  record signalled = {0};
  record timed = {0};
  CHECK_EQUAL(chime_pool_acquire(pool, &event), 0);
  const chime_ticket ticket = chime_event_ticket(event);
  chime_event_submit(event, -1, note, &signalled);
  CHECK_EQUAL(lull(loop), -1);
  CHECK_EQUAL(readable(loop, 0), 0);
  CHECK_EQUAL(chime_signal(ticket), CHIME_DELIVERED);
  CHECK_EQUAL(readable(loop, 0), 1);
  CHECK_EQUAL(lull(loop), -1);
  CHECK_EQUAL(signalled.calls, 1);
  CHECK_EQUAL(signalled.status, 0);

  // The host has to learn of a deadline, also of one that its own thread submits.
  chime_event_submit(signalled.event, 20000000, note, &timed);
  CHECK_EQUAL(readable(loop, 0), 1);
  for (int64_t next_ns = lull(loop); timed.calls == 0; next_ns = lull(loop)) {
    if (!CHECK(next_ns > 0 && next_ns <= 20000000)) break;
    readable(loop, (int)(next_ns / 1000000) + 1);
  }
  CHECK_EQUAL(timed.status, -ETIMEDOUT);
  chime_pool_release(pool, timed.event);
}

void test_guest(const char* backend) {
  chime_proactor_options options = {.size = sizeof options, .backend = backend, .spin_ns = -1, .guest = true};
  chime_proactor* loop = NULL;
  if (strcmp(backend, "poll") == 0) {
    CHECK_EQUAL(chime_proactor_create(&options, &loop), -EOPNOTSUPP);
    return;
  }
  static chime_pool pool;
  if (!CHECK_EQUAL(chime_proactor_create(&options, &loop), 0)) return;
  CHECK(chime_proactor_handle(loop) >= 0);
  CHECK_EQUAL(chime_proactor_poll(loop, 0), -EOPNOTSUPP);
  CHECK_EQUAL(chime_proactor_run(loop), -EOPNOTSUPP);
  CHECK_EQUAL(chime_pool_initialize(loop, heap, 1, &pool), 0);
  drive(loop, &pool);

  chime_operation operation = {0};
  inside in = {loop, 0};
  chime_post(loop, &operation, reenter, &in);
  lull(loop);
  CHECK_EQUAL(in.calls, 1);
  CHECK_EQUAL(chime_pool_deinitialize(&pool), 0);
  CHECK_EQUAL(chime_proactor_destroy(loop), 0);

  int64_t next_ns = 0;
  chime_proactor* other = make_loop(backend);
  CHECK_EQUAL(chime_proactor_handle(other), -1);
  CHECK_EQUAL(chime_proactor_guest_poll(other, &next_ns), -EOPNOTSUPP);
  CHECK_EQUAL(chime_proactor_destroy(other), 0);
}
