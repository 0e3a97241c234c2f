// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The smallest program of a user of the C interface: an event is signalled, and its wait completes.
#include <chime/chime.h>
#include <stdio.h>

static void completed(void* pool, int status, chime_event* event) {
  printf("completed: %d\n", status);
  chime_pool_release(pool, event);
}

static int fail(void) {
  fprintf(stderr, "%s\n", chime_last_error());
  return 1;
}

int main(void) {
  chime_proactor_options options = {.size = sizeof options};
  chime_allocator heap = {0};
  chime_proactor* loop = NULL;
  chime_event* event = NULL;
  chime_pool pool = {0};
  if (chime_proactor_create(&options, &loop) != 0) return fail();
  if (chime_pool_initialize(loop, heap, 4, &pool) != 0) return fail();
  if (chime_pool_acquire(&pool, &event) != 0) return fail();
  chime_event_submit(event, -1, completed, &pool);
  if (chime_signal(chime_event_ticket(event)) != CHIME_DELIVERED) return 1;
  if (chime_proactor_poll(loop, -1) < 0) return fail();
  if (chime_pool_deinitialize(&pool) != 0) return 1;
  return chime_proactor_destroy(loop) == 0 ? 0 : fail();
}
