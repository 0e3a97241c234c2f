// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <chime/pool.hpp>
#include <cstdio>
#include <thread>
using namespace std::chrono_literals;
int main() {
  chime::event_pool pool;
  pool.open({.initial_capacity = 1}).value();  // no loop
  chime::event ready = pool.acquire().value();
  std::jthread worker([t = ready.get_ticket()] {
    std::this_thread::sleep_for(20ms);
    t.signal();
  });
  auto r = ready.wait_until(chime::clock::now() + 5ms);
  if (!r && r.error() == chime::errc::timed_out) {
    std::puts("not yet");
    r = ready.wait();
  }
  std::puts(r ? "ready" : r.error().message().c_str());
}
