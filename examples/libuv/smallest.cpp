// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <chime/chime.hpp>
#include <chime/uv.hpp>
#include <cstdio>
#include <thread>
int main() {
  uv_loop_t* host = uv_default_loop();
  chime::proactor loop;
  loop.open({.guest = true}).value();
  chime::event_pool pool;
  pool.open(loop, {.initial_capacity = 16}).value();
  chime::uv_guest guest;
  guest.open(*host, loop).value();

  chime::event ev = pool.acquire().value();
  std::jthread worker([t = ev.get_ticket()] { t.signal(); });
  auto done = [](chime::completion&& c) { std::printf("done: %s\n", c.error.message().c_str()); };
  chime::uv_wait wait;
  guest.submit(wait, std::move(ev), done);
  uv_run(host, UV_RUN_DEFAULT);  // returns when no wait is outstanding

  guest.close().value();
  uv_run(host, UV_RUN_DEFAULT);  // closes the guest's handles
}
