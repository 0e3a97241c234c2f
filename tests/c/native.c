// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Native events, on eventfds and on pipes: tickets, foreign signallers and pollers.
#include <poll.h>
#include <unistd.h>

#include "check.h"

static chime_pool pool;

static chime_event* acquire(void) {
  chime_event* event = NULL;
  CHECK_EQUAL(chime_pool_acquire(&pool, &event), 0);
  return event;
}

static bool is_readable(intptr_t handle) {
  struct pollfd one = {.fd = (int)handle, .events = POLLIN};
  CHECK(poll(&one, 1, 0) >= 0);
  return one.revents != 0;
}

/// What a driver does that knows the descriptor alone.
static void foreign_signal(intptr_t handle, bool is_pipe) {
  const uint64_t one = 1;
  const size_t size = is_pipe ? 1 : sizeof one;
  CHECK_EQUAL(write((int)handle, &one, size), (ssize_t)size);
}

static void by_ticket(chime_proactor* loop) {
  record r = {0};
  chime_event* event = acquire();
  const chime_ticket ticket = chime_event_ticket(event);
  CHECK_EQUAL(chime_event_wait(event, 0), -EOPNOTSUPP);
  chime_event_submit(event, -1, note, &r);
  CHECK_EQUAL(chime_proactor_poll(loop, 0), 0);
  CHECK_EQUAL(chime_signal(ticket), CHIME_DELIVERED);
  EXPECT(loop, &r, 0);
  CHECK_EQUAL(chime_signal(ticket), CHIME_DELIVERED);
  CHECK_EQUAL(chime_signal(ticket), CHIME_COALESCED);
  chime_event_submit(event, patience_ns, note, &r);
  EXPECT(loop, &r, 0);
  chime_event_submit(event, -1, note, &r);
  CHECK_EQUAL(chime_proactor_poll(loop, 0), 0);
  CHECK(chime_ticket_cancel(ticket));
  EXPECT(loop, &r, -ECANCELED);
  chime_event_submit(event, 2000000, note, &r);
  EXPECT(loop, &r, -ETIMEDOUT);
  // Signalled and released without a wait: it must not come back signalled.
  CHECK_EQUAL(chime_signal(ticket), CHIME_DELIVERED);
  chime_pool_release(&pool, event);
  CHECK_EQUAL(chime_signal(ticket), CHIME_STALE);
  event = acquire();
  chime_event_submit(event, 2000000, note, &r);
  EXPECT(loop, &r, -ETIMEDOUT);
  chime_pool_release(&pool, event);
}

static void by_handle(chime_proactor* loop, bool is_pipe) {
  record r = {0};
  intptr_t readable = -1;
  intptr_t writable = -1;
  chime_event* event = acquire();
  CHECK_EQUAL(chime_event_native(event, &readable), 0);
  CHECK_EQUAL(chime_event_native_signal(event, &writable), 0);
  CHECK((readable != writable) == is_pipe);
  CHECK(!is_readable(readable));
  foreign_signal(writable, is_pipe);
  CHECK(is_readable(readable));
  chime_event_submit(event, -1, note, &r);
  EXPECT(loop, &r, 0);
  CHECK(!is_readable(readable));
  chime_event_submit(event, patience_ns, note, &r);
  CHECK_EQUAL(chime_proactor_poll(loop, 0), 0);
  foreign_signal(writable, is_pipe);
  EXPECT(loop, &r, 0);
  CHECK_EQUAL(chime_signal(chime_event_ticket(event)), CHIME_DELIVERED);
  CHECK(is_readable(readable));

  // A foreign signal that nobody waited for: the event does not bring it to its next use, whether its primitive is
  // replaced or, by the holder's word, only read empty.
  for (int word_given = 0; word_given < 2; ++word_given) {
    intptr_t before = -1;
    CHECK_EQUAL(chime_event_native(event, &before), 0);
    CHECK_EQUAL(chime_event_native_signal(event, &writable), 0);
    foreign_signal(writable, is_pipe);
    if (word_given == 1) chime_event_foreign_use_ended(event);
    chime_pool_release(&pool, event);
    event = acquire();
    CHECK_EQUAL(chime_event_native(event, &readable), 0);
    CHECK((readable == before) == (word_given == 1));
    chime_event_submit(event, 2000000, note, &r);
    EXPECT(loop, &r, -ETIMEDOUT);
  }
  chime_pool_release(&pool, event);
}

static void trimmed(chime_proactor* loop) {
  record r = {0};
  chime_pool_trim(&pool);
  chime_event* event = acquire();
  chime_event_submit(event, -1, note, &r);
  CHECK_EQUAL(chime_signal(chime_event_ticket(event)), CHIME_DELIVERED);
  EXPECT(loop, &r, 0);
  chime_pool_release(&pool, event);
}

static void on_primitive(chime_proactor* loop, uint32_t primitive) {
  const chime_pool_options options = {
      .size = sizeof options, .initial_capacity = 1, .primitive = primitive, .native = true};
  if (!CHECK_EQUAL(chime_pool_initialize_with(loop, heap, &options, &pool), 0)) return;
  by_ticket(loop);
  by_handle(loop, primitive == CHIME_PRIMITIVE_PIPE);
  trimmed(loop);
  CHECK_EQUAL(chime_pool_deinitialize(&pool), 0);
}

void test_native(const char* backend) {
  chime_proactor* loop = make_loop(backend);
  if (loop == NULL) return;
  on_primitive(loop, CHIME_PRIMITIVE_AUTOMATIC);
  on_primitive(loop, CHIME_PRIMITIVE_EVENTFD);
  on_primitive(loop, CHIME_PRIMITIVE_PIPE);
  CHECK_EQUAL(chime_proactor_destroy(loop), 0);
}
