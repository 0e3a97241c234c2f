// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Producers, workers and a polling thread at once: every wait completes once, and sees what its signaller wrote.
#include <pthread.h>
#include <stdatomic.h>

#include "check.h"

enum { producers = 3, jobs_each = 4000 };

typedef struct job {
  unsigned answer;  ///< plain: the signal publishes it
  unsigned completions;
} job;

typedef struct crew {
  chime_proactor* loop;
  chime_pool* pool;
  job jobs[producers][jobs_each];
  atomic_uint next_producer;
  unsigned done;  ///< the polling thread's
} crew;

static crew work;

static void finished(void* context, int status, chime_event* event) {
  job* j = context;
  CHECK_EQUAL(status, 0);
  CHECK_EQUAL(j->answer, 42);
  ++j->completions;
  ++work.done;
  chime_pool_release(work.pool, event);
}

/// Every other producer takes its events from a cache, every other wait has a deadline. A maximum below the number of
/// jobs makes them wait for each other.
static void* produce(void* context) {
  (void)context;
  const unsigned me = atomic_fetch_add(&work.next_producer, 1U);
  chime_cache cache = {0};
  CHECK_EQUAL(chime_cache_initialize(work.pool, &cache), 0);
  for (unsigned i = 0; i < jobs_each; ++i) {
    job* j = &work.jobs[me][i];
    chime_event* event = NULL;
    int error = 0;
    do {
      error = me % 2 == 0 ? chime_pool_acquire(work.pool, &event) : chime_cache_acquire(&cache, &event);
    } while (error == -ENOBUFS);
    if (!CHECK_EQUAL(error, 0)) break;
    const chime_ticket ticket = chime_event_ticket(event);
    chime_event_submit(event, i % 2 == 0 ? -1 : patience_ns, finished, j);
    j->answer = 42;
    CHECK_EQUAL(chime_signal(ticket), CHIME_DELIVERED);
  }
  chime_cache_deinitialize(&cache);
  return NULL;
}

static void producers_and_loop(chime_proactor* loop) {
  static chime_pool pool;
  static const crew fresh;
  pthread_t threads[producers];
  const chime_pool_options options = {.size = sizeof options, .initial_capacity = 16, .maximum_capacity = 512};
  work = fresh;
  work.loop = loop;
  work.pool = &pool;
  if (!CHECK_EQUAL(chime_pool_initialize_with(loop, heap, &options, &pool), 0)) return;
  for (int i = 0; i < producers; ++i) CHECK_EQUAL(pthread_create(&threads[i], NULL, produce, NULL), 0);
  poll_until(loop, &work.done, producers * jobs_each);
  for (int i = 0; i < producers; ++i) CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
  for (int i = 0; i < producers * jobs_each; ++i) {
    CHECK_EQUAL(work.jobs[i / jobs_each][i % jobs_each].completions, 1);
  }
  CHECK_EQUAL(chime_pool_deinitialize(&pool), 0);
}

/// Two threads that pass the turn back and forth, each blocking on its own event.
typedef struct side {
  chime_event* mine;
  chime_ticket other;
  unsigned* turns;
} side;
enum { turns_each = 500 };

static void* pass(void* context) {
  side* s = context;
  for (int i = 0; i < turns_each; ++i) {
    if (!CHECK_EQUAL(chime_event_wait(s->mine, i % 2 == 0 ? -1 : patience_ns), 0)) break;
    ++*s->turns;
    CHECK_EQUAL(chime_signal(s->other), CHIME_DELIVERED);
  }
  return NULL;
}

static void blocking_threads(chime_proactor* loop) {
  static chime_pool pool;
  chime_event* events[2] = {NULL, NULL};
  unsigned turns = 0;
  pthread_t thread;
  CHECK_EQUAL(chime_pool_initialize(loop, heap, 2, &pool), 0);
  CHECK_EQUAL(chime_pool_acquire(&pool, &events[0]), 0);
  CHECK_EQUAL(chime_pool_acquire(&pool, &events[1]), 0);
  side here = {events[0], chime_event_ticket(events[1]), &turns};
  side there = {events[1], chime_event_ticket(events[0]), &turns};
  CHECK_EQUAL(pthread_create(&thread, NULL, pass, &there), 0);
  CHECK_EQUAL(chime_signal(there.other), CHIME_DELIVERED);
  pass(&here);
  CHECK_EQUAL(pthread_join(thread, NULL), 0);
  CHECK_EQUAL(turns, 2 * turns_each);
  chime_pool_release(&pool, events[0]);
  chime_pool_release(&pool, events[1]);
  CHECK_EQUAL(chime_pool_deinitialize(&pool), 0);
}

static void* acquire_one(void* context) {
  chime_event* event = NULL;
  CHECK_EQUAL(chime_cache_acquire(context, &event), 0);
  chime_cache_detach(context);
  return event;
}

/// A cache that its thread has detached is the next one's, with all that it keeps; what is out meanwhile goes to everybody.
static void cache_handed_over(chime_proactor* loop) {
  static chime_pool pool;
  chime_cache cache = {0};
  chime_event* event = NULL;
  void* others = NULL;
  pthread_t thread;
  chime_pool_stats stats = {.size = sizeof stats};
  CHECK_EQUAL(chime_pool_initialize(loop, heap, 8, &pool), 0);
  CHECK_EQUAL(chime_cache_initialize(&pool, &cache), 0);
  CHECK_EQUAL(chime_cache_acquire(&cache, &event), 0);
  chime_cache_detach(&cache);
  chime_pool_release(&pool, event);
  CHECK_EQUAL(chime_pool_stats_read(&pool, &stats), 0);
  CHECK_EQUAL(stats.free, 1);
  CHECK_EQUAL(stats.cached, 7);
  CHECK_EQUAL(pthread_create(&thread, NULL, acquire_one, &cache), 0);
  CHECK_EQUAL(pthread_join(thread, &others), 0);
  CHECK_EQUAL(chime_cache_acquire(&cache, &event), 0);
  chime_pool_release(&pool, event);
  chime_pool_release(&pool, others);
  CHECK_EQUAL(chime_pool_stats_read(&pool, &stats), 0);
  CHECK_EQUAL(stats.made, 8);
  CHECK_EQUAL(stats.held, 0);
  chime_cache_deinitialize(&cache);
  CHECK_EQUAL(chime_pool_deinitialize(&pool), 0);
}

void test_threads(const char* backend) {
  chime_proactor* loop = make_loop(backend);
  if (loop == NULL) return;
  producers_and_loop(loop);
  blocking_threads(loop);
  cache_handed_over(loop);
  CHECK_EQUAL(chime_proactor_destroy(loop), 0);
}
