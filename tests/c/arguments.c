// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Null, sizes of structs, and everything else that is refused by a result.
#include <stdlib.h>
#include <string.h>

#include "check.h"

static void null_where_an_int_is_returned(chime_proactor* loop, chime_pool* pool, chime_event* event) {
  chime_proactor_options loop_options = {.size = sizeof loop_options};
  chime_proactor_stats loop_stats = {.size = sizeof loop_stats};
  chime_pool_options options = {.size = sizeof options};
  chime_pool_stats stats = {.size = sizeof stats};
  chime_pool other = {0};
  chime_cache cache = {0};
  chime_proactor* made = loop;
  chime_event* got = event;
  intptr_t handle = 0;

  CHECK_EQUAL(chime_proactor_create(NULL, &made), -EINVAL);
  CHECK(made == NULL);
  CHECK_EQUAL(chime_proactor_create(&loop_options, NULL), -EINVAL);
  CHECK_EQUAL(chime_proactor_destroy(NULL), -EINVAL);
  CHECK_EQUAL(chime_proactor_poll(NULL, 0), -EINVAL);
  int64_t next_ns = 0;
  CHECK_EQUAL(chime_proactor_guest_poll(NULL, &next_ns), -EINVAL);
  CHECK_EQUAL(chime_proactor_guest_poll(loop, NULL), -EINVAL);
  CHECK_EQUAL(chime_proactor_handle(NULL), -1);
  CHECK_EQUAL(chime_proactor_run(NULL), -EINVAL);
  CHECK_EQUAL(chime_proactor_stats_read(NULL, &loop_stats), -EINVAL);
  CHECK_EQUAL(chime_proactor_stats_read(loop, NULL), -EINVAL);
  CHECK_EQUAL(chime_pool_initialize(NULL, heap, 0, &other), -EINVAL);
  CHECK_EQUAL(chime_pool_initialize(loop, heap, 0, NULL), -EINVAL);
  CHECK_EQUAL(chime_pool_initialize_with(NULL, heap, &options, &other), -EINVAL);
  CHECK_EQUAL(chime_pool_initialize_with(loop, heap, NULL, &other), -EINVAL);
  CHECK_EQUAL(chime_pool_initialize_with(loop, heap, &options, NULL), -EINVAL);
  CHECK_EQUAL(chime_pool_acquire(NULL, &got), -EINVAL);
  CHECK(got == NULL);
  CHECK_EQUAL(chime_pool_acquire(pool, NULL), -EINVAL);
  CHECK_EQUAL(chime_pool_stats_read(NULL, &stats), -EINVAL);
  CHECK_EQUAL(chime_pool_stats_read(pool, NULL), -EINVAL);
  CHECK_EQUAL(chime_cache_initialize(NULL, &cache), -EINVAL);
  CHECK_EQUAL(chime_cache_initialize(pool, NULL), -EINVAL);
  CHECK_EQUAL(chime_cache_acquire(NULL, &got), -EINVAL);
  CHECK_EQUAL(chime_cache_acquire(&cache, NULL), -EINVAL);
  CHECK_EQUAL(chime_event_wait(NULL, 0), -EINVAL);
  CHECK_EQUAL(chime_event_native(NULL, &handle), -EINVAL);
  CHECK_EQUAL(chime_event_native(event, NULL), -EINVAL);
  CHECK_EQUAL(chime_event_native_signal(NULL, &handle), -EINVAL);
  CHECK_EQUAL(chime_event_native_signal(event, NULL), -EINVAL);
}

static void null_elsewhere(chime_proactor* loop, chime_pool* pool) {
  chime_operation operation = {0};
  chime_proactor_stop(NULL);
  chime_proactor_wake(NULL);
  CHECK(strcmp(chime_proactor_backend(NULL), "") == 0);
  CHECK(strcmp(chime_proactor_backend_choice(NULL), "") == 0);
  CHECK(!chime_cancel(NULL, &operation));
  CHECK(!chime_cancel(loop, NULL));
  CHECK(!chime_cancel(loop, &operation));  // never submitted
  CHECK_EQUAL(chime_pool_deinitialize(NULL), 0);
  chime_pool_release(pool, NULL);
  chime_pool_release(NULL, NULL);
  chime_pool_cancel_all(NULL);
  chime_pool_trim(NULL);
  chime_cache_deinitialize(NULL);
  chime_cache_release(NULL, NULL);
  chime_event_foreign_use_ended(NULL);

  const chime_ticket none = chime_event_ticket(NULL);
  CHECK_EQUAL(chime_signal(none), CHIME_STALE);
  CHECK(!chime_ticket_cancel(none));
  CHECK(chime_ticket_expired(none));
}

/// Storage that is zeroed, and nothing more, is a pool or cache that is not in use.
static void not_in_use(void) {
  static chime_pool pool;
  static chime_cache cache;
  chime_event* event = NULL;
  chime_pool_stats stats = {.size = sizeof stats, .made = 1};
  CHECK_EQUAL(chime_pool_acquire(&pool, &event), -ESHUTDOWN);
  CHECK_EQUAL(chime_pool_deinitialize(&pool), 0);
  chime_pool_cancel_all(&pool);
  chime_pool_trim(&pool);
  CHECK_EQUAL(chime_pool_stats_read(&pool, &stats), 0);
  CHECK_EQUAL(stats.made + stats.free + stats.cached + stats.held + stats.retired, 0);
  CHECK_EQUAL(chime_cache_initialize(&pool, &cache), -ESHUTDOWN);
  CHECK_EQUAL(chime_cache_acquire(&cache, &event), -ESHUTDOWN);
  chime_cache_deinitialize(&cache);
}

/// Programs that were compiled with another version of the header.
static void sizes(chime_proactor* loop, chime_pool* pool, const char* backend) {
  struct {
    chime_proactor_options known;
    uint64_t unknown;
  } later = {.known = {.size = sizeof later, .backend = backend}};
  chime_proactor* made = NULL;
  CHECK_EQUAL(chime_proactor_create(&later.known, &made), 0);
  CHECK_EQUAL(chime_proactor_destroy(made), 0);
  later.unknown = 1;
  CHECK_EQUAL(chime_proactor_create(&later.known, &made), -E2BIG);
  later.known.size = sizeof later.known - 1;
  CHECK_EQUAL(chime_proactor_create(&later.known, &made), -EINVAL);
  later.known.size = 0;
  CHECK_EQUAL(chime_proactor_create(&later.known, &made), -EINVAL);

  chime_pool other = {0};
  chime_pool_options options = {.size = 0};
  CHECK_EQUAL(chime_pool_initialize_with(loop, heap, &options, &other), -EINVAL);

  // Version 0.1's sizes, as numbers: later versions accept them, whatever the structs have become.
  chime_proactor_options first_options = {.size = 56, .backend = backend};
  CHECK_EQUAL(chime_proactor_create(&first_options, &made), 0);
  chime_proactor_stats first_loop_stats = {.size = 40};
  CHECK_EQUAL(chime_proactor_stats_read(made, &first_loop_stats), 0);
  CHECK_EQUAL(chime_proactor_destroy(made), 0);
  options.size = 32;
  CHECK_EQUAL(chime_pool_initialize_with(loop, heap, &options, &other), 0);
  CHECK_EQUAL(chime_pool_deinitialize(&other), 0);
  chime_pool_stats first_pool_stats = {.size = 56};
  CHECK_EQUAL(chime_pool_stats_read(pool, &first_pool_stats), 0);

  struct {
    chime_pool_stats known;
    uint64_t unknown;
  } statistics = {.known = {.size = sizeof statistics}, .unknown = 7};
  CHECK_EQUAL(chime_pool_stats_read(pool, &statistics.known), 0);
  CHECK_EQUAL(statistics.known.size, sizeof statistics);
  CHECK_EQUAL(statistics.known.made, 1);
  CHECK_EQUAL(statistics.unknown, 0);
  statistics.known.size = sizeof statistics.known - 1;
  CHECK_EQUAL(chime_pool_stats_read(pool, &statistics.known), -EINVAL);
  chime_proactor_stats loop_stats = {.size = 8};
  CHECK_EQUAL(chime_proactor_stats_read(loop, &loop_stats), -EINVAL);
}

static void* take(void* context, size_t size, size_t alignment) {
  (void)context;
  return aligned_alloc(alignment, size);
}

static void refused(chime_proactor* loop, chime_pool* pool) {
  chime_proactor* made = loop;
  chime_proactor_options loop_options = {.size = sizeof loop_options, .backend = "kqueue"};
  CHECK_EQUAL(chime_proactor_create(&loop_options, &made), -EINVAL);
  CHECK(strstr(chime_last_error(), "unknown backend; known are") != NULL);
  CHECK(made == NULL);
  loop_options.backend = "epoll:fast";
  CHECK_EQUAL(chime_proactor_create(&loop_options, &made), -EINVAL);
  loop_options.backend = "poll";
  loop_options.allocator.allocate = take;
  CHECK_EQUAL(chime_proactor_create(&loop_options, &made), -EINVAL);

  const chime_allocator half = {.allocate = take};
  chime_pool other = {0};
  chime_pool_options options = {.size = sizeof options, .initial_capacity = 2, .maximum_capacity = 1};
  CHECK_EQUAL(chime_pool_initialize(loop, half, 0, &other), -EINVAL);
  CHECK_EQUAL(chime_pool_initialize_with(loop, heap, &options, &other), -EINVAL);
  options.maximum_capacity = 16000001;
  CHECK_EQUAL(chime_pool_initialize_with(loop, heap, &options, &other), -EINVAL);
  options.maximum_capacity = 2;
  options.primitive = 3;
  CHECK_EQUAL(chime_pool_initialize_with(loop, heap, &options, &other), -EINVAL);
  CHECK_EQUAL(chime_pool_initialize(loop, heap, 0, pool), -EBUSY);
  unsigned char storage[2 * sizeof(chime_pool)] = {0};
  void* odd = storage + (72 - (uintptr_t)storage % 64);  // 8 beyond a multiple of 64
  CHECK_EQUAL(chime_pool_initialize(loop, heap, 0, odd), -EINVAL);
  CHECK_EQUAL(chime_cache_initialize(pool, (void*)(storage + ((uintptr_t)storage % 2 == 0 ? 1 : 2))), -EINVAL);
  CHECK_EQUAL(chime_pool_deinitialize(&other), 0);
}

void test_arguments(const char* backend) {
  CHECK_EQUAL(chime_version(), CHIME_VERSION);
  static chime_pool pool;
  chime_proactor* loop = make_loop(backend);
  chime_event* event = NULL;
  if (!CHECK_EQUAL(chime_pool_initialize(loop, heap, 1, &pool), 0)) return;
  CHECK_EQUAL(chime_pool_acquire(&pool, &event), 0);
  null_where_an_int_is_returned(loop, &pool, event);
  null_elsewhere(loop, &pool);
  not_in_use();
  sizes(loop, &pool, backend);
  refused(loop, &pool);
  chime_pool_release(&pool, event);
  CHECK_EQUAL(chime_pool_deinitialize(&pool), 0);
  CHECK_EQUAL(chime_proactor_destroy(loop), 0);
}
