#include <chime/uv.h>
static void done(void* c, int s, chime_event* e) { (void)e; *(int*)c = 1; printf("done %d\n", s); }
int main(void) {
  uv_loop_t* host = uv_default_loop();
  chime_proactor_options o = {.size = sizeof o, .guest = true};
  chime_allocator heap = {0}; chime_proactor* loop; chime_pool pool = {0}; chime_event* ev; chime_uv_guest g; chime_uv_wait w = {0};
  int ran = 0;
  chime_proactor_create(&o, &loop); chime_pool_initialize(loop, heap, 4, &pool); chime_uv_init(&g, host, loop);
  chime_pool_acquire(&pool, &ev); chime_ticket t = chime_event_ticket(ev);
  printf("close: %d\n", chime_uv_close(&g, NULL));
  chime_uv_submit(&g, &w, ev, -1, done, &ran);
  chime_signal(t);
  uv_run(host, UV_RUN_DEFAULT);
  printf("run returned, %s, outstanding %d\n", ran ? "completed" : "NEVER COMPLETED and not told", (int)g.outstanding);
  return 0;
}
