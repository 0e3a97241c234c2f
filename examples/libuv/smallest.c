/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include <chime/uv.h>
#include <stdio.h>
#include <string.h>

static void work(void* ticket) { chime_signal(*(chime_ticket*)ticket); }

static void done(void* pool, int status, chime_event* event) {
  printf("done: %d\n", status);
  chime_pool_release(pool, event);
}

static int fail(int error) {
  fprintf(stderr, "%s\n", strerror(-error));
  return 1;
}

int main(void) {
  uv_loop_t* host = uv_default_loop();
  chime_proactor_options options = {.size = sizeof options, .guest = true};
  chime_allocator heap = {0};
  chime_proactor* loop = NULL;
  chime_pool pool = {0};
  chime_event* event = NULL;
  chime_uv_guest guest;
  int error = chime_proactor_create(&options, &loop);
  if (error == 0) error = chime_pool_initialize(loop, heap, 16, &pool);
  if (error == 0) error = chime_uv_init(&guest, host, loop);
  if (error == 0) error = chime_pool_acquire(&pool, &event);
  if (error != 0) return fail(error);

  chime_ticket ticket = chime_event_ticket(event);
  chime_uv_wait wait = {0};
  chime_uv_submit(&guest, &wait, event, -1, done, &pool);
  uv_thread_t worker;
  error = uv_thread_create(&worker, work, &ticket);
  if (error != 0) return fail(error);
  uv_run(host, UV_RUN_DEFAULT); /* returns when no wait is outstanding */
  uv_thread_join(&worker);

  error = chime_uv_close(&guest, NULL);
  if (error != 0) return fail(error);
  uv_run(host, UV_RUN_DEFAULT); /* closes the guest's handles */
  if (chime_pool_deinitialize(&pool) != 0) return 1;
  error = chime_proactor_destroy(loop);
  return error == 0 ? 0 : fail(error);
}
