// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Loop and pool take their memory from the caller's allocator, give back what they took, and survive its failure.
#include <pthread.h>
#include <stdlib.h>

#include "check.h"

/// An allocator with a budget of requests, and a list of what is out.
typedef struct ledger {
  pthread_mutex_t lock;
  unsigned budget;
  unsigned out;
  struct {
    void* block;
    size_t size;
    size_t alignment;
  } blocks[64];
} ledger;

static void* take(void* context, size_t size, size_t alignment) {
  ledger* l = context;
  void* block = NULL;
  pthread_mutex_lock(&l->lock);
  if (l->budget > 0 && CHECK(l->out < 64)) {
    --l->budget;
    block = aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    l->blocks[l->out].block = block;
    l->blocks[l->out].size = size;
    l->blocks[l->out++].alignment = alignment;
  }
  pthread_mutex_unlock(&l->lock);
  return block;
}

static void give(void* context, void* block, size_t size, size_t alignment) {
  ledger* l = context;
  pthread_mutex_lock(&l->lock);
  unsigned i = 0;
  while (i < l->out && l->blocks[i].block != block) ++i;
  if (CHECK(i < l->out)) {
    CHECK_EQUAL(size, l->blocks[i].size);
    CHECK_EQUAL(alignment, l->blocks[i].alignment);
    l->blocks[i] = l->blocks[--l->out];
  }
  pthread_mutex_unlock(&l->lock);
  free(block);
}

static bool is_inside(const ledger* l, const void* address) {
  for (unsigned i = 0; i < l->out; ++i) {
    const uintptr_t offset = (uintptr_t)address - (uintptr_t)l->blocks[i].block;
    if (offset < l->blocks[i].size) return true;
  }
  return false;
}

/// Lets the first 0, 1, 2 ... requests succeed, until the loop can be made. Each failure must leave nothing behind.
static chime_proactor* make_from(ledger* l, const char* backend) {
  chime_proactor_options options = {.size = sizeof options, .backend = backend, .allocator = {take, give, l}};
  chime_proactor* loop = NULL;
  for (unsigned enough = 0; enough < 16; ++enough) {
    l->budget = enough;
    const int error = chime_proactor_create(&options, &loop);
    if (error == 0) return loop;
    CHECK_EQUAL(error, -ENOMEM);
    CHECK(loop == NULL);
    CHECK_EQUAL(l->out, 0);
  }
  CHECK(loop != NULL);  // a loop needs no 16 blocks
  return NULL;
}

static void pool_from(ledger* l, chime_proactor* loop, bool native) {
  static chime_pool pool;
  const chime_allocator memory = {take, give, l};
  const chime_pool_options options = {.size = sizeof options, .initial_capacity = 100, .native = native};
  const unsigned before = l->out;
  int error = -ENOMEM;
  for (unsigned enough = 0; error == -ENOMEM && enough < 16; ++enough) {
    l->budget = enough;
    error = chime_pool_initialize_with(loop, memory, &options, &pool);
    if (error != 0) CHECK_EQUAL(l->out, before);
  }
  if (!CHECK_EQUAL(error, 0)) return;
  CHECK_EQUAL(l->out - before, native ? 4 : 2);  // two pages of 63 events; native ones have as much beside them

  // Growth fails, and the pool is as good as before; then it succeeds.
  l->budget = 0;
  chime_event* events[127];
  unsigned held = 0;
  while (held < 127 && (error = chime_pool_acquire(&pool, &events[held])) == 0) ++held;
  CHECK_EQUAL(error, -ENOMEM);
  CHECK_EQUAL(held, 126);
  chime_pool_release(&pool, events[0]);
  CHECK_EQUAL(chime_pool_acquire(&pool, &events[0]), 0);
  l->budget = 16;
  CHECK_EQUAL(chime_pool_acquire(&pool, &events[held]), 0);
  ++held;
  while (held > 0) {
    CHECK(is_inside(l, events[--held]));
    chime_pool_release(&pool, events[held]);
  }
  CHECK_EQUAL(chime_pool_deinitialize(&pool), 0);
  CHECK_EQUAL(l->out, before);
}

void test_memory(const char* backend) {
  ledger l = {.lock = PTHREAD_MUTEX_INITIALIZER};
  chime_proactor* loop = make_from(&l, backend);
  if (loop == NULL) return;
  CHECK(is_inside(&l, loop));
  pool_from(&l, loop, false);
  pool_from(&l, loop, true);
  CHECK_EQUAL(chime_proactor_destroy(loop), 0);
  CHECK_EQUAL(l.out, 0);
}
