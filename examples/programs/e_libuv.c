/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include <chime/uv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  chime_proactor* loop;
  chime_pool pool;
  chime_uv_guest guest;
} host;
typedef struct {
  host* h;
  uv_thread_t thread;
  chime_uv_wait wait;
  chime_ticket done;
  int answer;
} job;

static void work(void* arg) {
  job* j = arg;
  j->answer = 42;
  chime_signal(j->done);
}
static void done(void* context, int status, chime_event* event) {
  job* j = context;
  uv_thread_join(&j->thread);
  printf("%d: %d\n", status, j->answer);
  chime_pool_release(&j->h->pool, event);
  free(j);
}
static int start(host* h) {
  chime_event* event = NULL;
  const int error = chime_pool_acquire(&h->pool, &event);
  if (error < 0) return error;
  job* j = calloc(1, sizeof *j);
  if (j == NULL) return -ENOMEM;
  j->h = h;
  j->done = chime_event_ticket(event);
  chime_uv_submit(&h->guest, &j->wait, event, -1, done, j);
  return uv_thread_create(&j->thread, work, j);
}

int main(void) {
  host h;
  memset(&h, 0, sizeof h);
  chime_proactor_options options = {.size = sizeof options, .guest = true};
  chime_allocator heap = {0};
  uv_loop_t* uv = uv_default_loop();
  int error = chime_proactor_create(&options, &h.loop);
  if (error == 0) error = chime_pool_initialize(h.loop, heap, 16, &h.pool);
  if (error == 0) error = chime_uv_init(&h.guest, uv, h.loop);
  for (int i = 0; error == 0 && i < 8; ++i) error = start(&h);
  if (error < 0) {
    fprintf(stderr, "%s\n", strerror(-error));
    return 1;
  }
  uv_run(uv, UV_RUN_DEFAULT);
  if (chime_uv_close(&h.guest, NULL) != 0) return 1;
  uv_run(uv, UV_RUN_DEFAULT);
  if (chime_pool_deinitialize(&h.pool) != 0) return 1;
  return chime_proactor_destroy(h.loop) < 0;
}
