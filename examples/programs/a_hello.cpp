// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <chime/chime.hpp>
#include <cstdio>
#include <thread>
int main() {
  chime::proactor loop;
  loop.open().value();
  chime::event_pool pool;
  pool.open(loop, {.initial_capacity = 16}).value();

  chime::event done = pool.acquire().value();
  std::jthread worker([t = done.get_ticket()] { t.signal(); });

  auto said = [&](chime::completion&& c) {
    std::printf("signalled: %s\n", c.error.message().c_str());
    loop.stop();
  };
  std::move(done).submit(said);
  loop.run().value();
}
