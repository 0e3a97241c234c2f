// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The pool: capacity, closing, statistics, caches.
#include "check.h"

enum { initial = 4, maximum = 6 };

static chime_pool_stats stats_of(const chime_pool* pool) {
  chime_pool_stats stats = {.size = sizeof stats};
  CHECK_EQUAL(chime_pool_stats_read(pool, &stats), 0);
  CHECK_EQUAL(stats.made, stats.free + stats.cached + stats.held + stats.retired);
  return stats;
}

static void capacity(chime_pool* pool) {
  chime_event* events[maximum + 1];
  CHECK_EQUAL(stats_of(pool).made, initial);
  for (int i = 0; i < maximum; ++i) CHECK_EQUAL(chime_pool_acquire(pool, &events[i]), 0);
  for (int i = 0; i < maximum; ++i) {
    for (int j = 0; j < i; ++j) CHECK(events[i] != events[j]);
  }
  CHECK_EQUAL(stats_of(pool).held, maximum);
  events[maximum] = events[0];
  CHECK_EQUAL(chime_pool_acquire(pool, &events[maximum]), -ENOBUFS);
  CHECK(events[maximum] == NULL);
  chime_pool_release(pool, events[0]);
  CHECK_EQUAL(chime_pool_acquire(pool, &events[0]), 0);
  for (int i = 0; i < maximum; ++i) chime_pool_release(pool, events[i]);
  CHECK_EQUAL(stats_of(pool).free, maximum);
}

/// Deinitialise refuses acquires at once, counts what is out, and may be called again until nothing is.
static void closing(chime_proactor* loop, chime_pool* pool) {
  record r = {0};
  chime_event* waiting = NULL;
  chime_event* idle = NULL;
  chime_event* none = NULL;
  CHECK_EQUAL(chime_pool_acquire(pool, &waiting), 0);
  CHECK_EQUAL(chime_pool_acquire(pool, &idle), 0);
  chime_event_submit(waiting, -1, note, &r);
  CHECK_EQUAL(chime_pool_deinitialize(pool), 2);
  CHECK_EQUAL(chime_pool_acquire(pool, &none), -ESHUTDOWN);
  CHECK_EQUAL(chime_pool_initialize(loop, heap, 0, pool), -EBUSY);
  CHECK_EQUAL(chime_proactor_destroy(loop), -EBUSY);
  chime_pool_cancel_all(pool);
  EXPECT(loop, &r, -ECANCELED);
  CHECK(r.event == waiting);
  chime_pool_release(pool, waiting);
  CHECK_EQUAL(chime_pool_deinitialize(pool), 1);
  chime_pool_release(pool, idle);
  CHECK_EQUAL(chime_pool_deinitialize(pool), 0);
  CHECK_EQUAL(chime_pool_deinitialize(pool), 0);
  CHECK_EQUAL(chime_pool_acquire(pool, &none), -ESHUTDOWN);
}

static void cache(chime_proactor* loop) {
  static chime_pool pool;
  chime_cache stock = {0};
  chime_event* events[2] = {NULL, NULL};
  CHECK_EQUAL(chime_pool_initialize(loop, heap, 8, &pool), 0);
  CHECK_EQUAL(chime_cache_initialize(&pool, &stock), 0);
  CHECK_EQUAL(chime_cache_initialize(&pool, &stock), -EBUSY);
  CHECK_EQUAL(chime_cache_acquire(&stock, &events[0]), 0);
  CHECK_EQUAL(stats_of(&pool).cached, 7);
  CHECK_EQUAL(chime_pool_acquire(&pool, &events[1]), 0);  // grows: the others are in the stock
  CHECK_EQUAL(stats_of(&pool).made, 9);
  chime_pool_release(&pool, events[0]);
  chime_cache_release(&stock, events[1]);
  CHECK_EQUAL(stats_of(&pool).cached, 9);
  chime_cache_deinitialize(&stock);
  CHECK_EQUAL(stats_of(&pool).free, 9);
  CHECK_EQUAL(chime_cache_initialize(&pool, &stock), 0);  // the storage may be used again
  CHECK_EQUAL(chime_cache_acquire(&stock, &events[0]), 0);
  chime_cache_release(&stock, events[0]);
  CHECK_EQUAL(chime_pool_deinitialize(&pool), 9);
  CHECK_EQUAL(chime_cache_acquire(&stock, &events[0]), -ESHUTDOWN);
  chime_cache_deinitialize(&stock);
  chime_cache_deinitialize(&stock);
  CHECK_EQUAL(chime_cache_acquire(&stock, &events[0]), -ESHUTDOWN);
  CHECK_EQUAL(chime_pool_deinitialize(&pool), 0);
}

void test_pool(const char* backend) {
  // In the caller's own struct, as everywhere where pools are embedded.
  struct runtime {
    char name;
    chime_pool pool;
  } runtime = {0};
  chime_proactor* loop = make_loop(backend);
  const chime_pool_options options = {.size = sizeof options, .initial_capacity = initial, .maximum_capacity = maximum};
  // Twice: storage of a pool that is deinitialised may become a pool again.
  for (int i = 0; i < 2; ++i) {
    if (!CHECK_EQUAL(chime_pool_initialize_with(loop, heap, &options, &runtime.pool), 0)) return;
    capacity(&runtime.pool);
    closing(loop, &runtime.pool);
  }
  cache(loop);
  CHECK_EQUAL(chime_proactor_destroy(loop), 0);
}
