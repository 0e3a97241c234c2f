// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Waits, signals, tickets, cancellation and deadlines, one thread at a time.
#include <signal.h>

#include "check.h"

static chime_pool pool;

static chime_event* acquire(void) {
  chime_event* event = NULL;
  CHECK_EQUAL(chime_pool_acquire(&pool, &event), 0);
  return event;
}

static void signals_around_a_wait(chime_proactor* loop) {
  record r = {0};
  chime_event* event = acquire();
  const chime_ticket ticket = chime_event_ticket(event);
  CHECK(ticket.event == event && ticket.generation > 0);
  // Before the wait, twice.
  CHECK_EQUAL(chime_signal(ticket), CHIME_DELIVERED);
  CHECK_EQUAL(chime_signal(ticket), CHIME_COALESCED);
  chime_event_submit(event, -1, note, &r);
  EXPECT(loop, &r, 0);
  CHECK(r.event == event);
  // During the wait of the same use, twice.
  chime_event_submit(event, patience_ns, note, &r);
  CHECK_EQUAL(chime_proactor_poll(loop, 0), 0);
  CHECK_EQUAL(chime_signal(ticket), CHIME_DELIVERED);
  CHECK_EQUAL(chime_signal(ticket), CHIME_COALESCED);
  EXPECT(loop, &r, 0);
  // After the wait: kept, until the release drops it.
  CHECK_EQUAL(chime_signal(ticket), CHIME_DELIVERED);
  CHECK(!chime_ticket_expired(ticket));
  chime_pool_release(&pool, event);
  CHECK(chime_ticket_expired(ticket));
}

static void late_ticket(chime_proactor* loop) {
  record r = {0};
  chime_event* event = acquire();
  const chime_ticket late = chime_event_ticket(event);
  chime_pool_release(&pool, event);
  CHECK_EQUAL(chime_signal(late), CHIME_STALE);
  chime_event* next = acquire();
  CHECK(next == event);  // the only free one
  chime_event_submit(next, -1, note, &r);
  CHECK_EQUAL(chime_signal(late), CHIME_STALE);
  CHECK(!chime_ticket_cancel(late));
  CHECK(chime_ticket_expired(late));
  CHECK_EQUAL(chime_proactor_poll(loop, 0), 0);
  CHECK_EQUAL(chime_signal(chime_event_ticket(next)), CHIME_DELIVERED);
  EXPECT(loop, &r, 0);
  chime_pool_release(&pool, next);
  chime_pool_stats stats = {.size = sizeof stats};
  CHECK_EQUAL(chime_pool_stats_read(&pool, &stats), 0);
  CHECK_EQUAL(stats.stale_signals, 2);
}

static void cancels_and_deadlines(chime_proactor* loop) {
  record r = {0};
  chime_event* event = acquire();
  const chime_ticket ticket = chime_event_ticket(event);
  CHECK(!chime_ticket_cancel(ticket));  // no wait yet
  chime_event_submit(event, -1, note, &r);
  CHECK(chime_ticket_cancel(ticket));
  CHECK(!chime_ticket_cancel(ticket));
  EXPECT(loop, &r, -ECANCELED);
  chime_event_submit(event, 2000000, note, &r);
  EXPECT(loop, &r, -ETIMEDOUT);
  chime_event_submit(event, 0, note, &r);
  EXPECT(loop, &r, -ETIMEDOUT);
  // Cancelled first, then signalled: the signal is kept for the next wait.
  chime_event_submit(event, -1, note, &r);
  CHECK(chime_ticket_cancel(ticket));
  CHECK_EQUAL(chime_signal(ticket), CHIME_DELIVERED);
  EXPECT(loop, &r, -ECANCELED);
  chime_event_submit(event, 0, note, &r);
  EXPECT(loop, &r, 0);
  chime_pool_release(&pool, event);
}

static void blocking_waits(void) {
  chime_event* event = acquire();
  intptr_t handle = 0;
  CHECK_EQUAL(chime_event_wait(event, 0), -ETIMEDOUT);
  CHECK_EQUAL(chime_event_wait(event, 1000000), -ETIMEDOUT);
  CHECK_EQUAL(chime_signal(chime_event_ticket(event)), CHIME_DELIVERED);
  CHECK_EQUAL(chime_event_wait(event, -1), 0);
  CHECK_EQUAL(chime_event_wait(event, 0), -ETIMEDOUT);  // the signal was consumed
  CHECK_EQUAL(chime_event_native(event, &handle), -EOPNOTSUPP);
  CHECK_EQUAL(chime_event_native_signal(event, &handle), -EOPNOTSUPP);
  chime_event_foreign_use_ended(event);
  chime_pool_release(&pool, event);
}

/// Keeps its event, and waits again from inside the completion.
typedef struct echo {
  chime_event* event;
  unsigned calls;
} echo;
static void wait_again(void* context, int status, chime_event* event) {
  echo* e = context;
  CHECK_EQUAL(status, 0);
  CHECK(event == e->event);
  if (++e->calls == 100) {
    chime_pool_release(&pool, event);
    return;
  }
  chime_event_submit(event, e->calls % 2 == 0 ? -1 : patience_ns, wait_again, e);
  CHECK_EQUAL(chime_signal(chime_event_ticket(event)), CHIME_DELIVERED);
}

static void many_waits_of_one_use(chime_proactor* loop) {
  echo e = {.event = acquire()};
  chime_event_submit(e.event, -1, wait_again, &e);
  CHECK_EQUAL(chime_signal(chime_event_ticket(e.event)), CHIME_DELIVERED);
  poll_until(loop, &e.calls, 100);
}

static chime_ticket for_handler;
static void signal_from_handler(int number) {
  (void)number;
  errno = 12345;
  chime_signal(for_handler);
  if (errno != 12345) ++failures;
}

static void signal_handler(chime_proactor* loop) {
  record r = {0};
  chime_event* event = acquire();
  for_handler = chime_event_ticket(event);
  void (*before)(int) = signal(SIGUSR1, signal_from_handler);
  chime_event_submit(event, -1, note, &r);
  CHECK_EQUAL(raise(SIGUSR1), 0);
  EXPECT(loop, &r, 0);
  chime_pool_release(&pool, event);
  signal(SIGUSR1, before);
}

void test_events(const char* backend) {
  chime_proactor* loop = make_loop(backend);
  if (!CHECK_EQUAL(chime_pool_initialize(loop, heap, 1, &pool), 0)) return;
  signals_around_a_wait(loop);
  late_ticket(loop);
  cancels_and_deadlines(loop);
  blocking_waits();
  many_waits_of_one_use(loop);
  signal_handler(loop);
  CHECK_EQUAL(chime_pool_deinitialize(&pool), 0);
  CHECK_EQUAL(chime_proactor_destroy(loop), 0);
}
