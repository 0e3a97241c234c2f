// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <array>
#include <chime/coro.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>
using namespace std::chrono_literals;
struct slot {
  std::string body;
};
std::jthread fetch(int mirror, std::shared_ptr<slot> out, chime::ticket done) {
  return std::jthread([=](std::stop_token stop) {
    for (int i = 0; i < mirror * 10; ++i) {
      if (stop.stop_requested() || done.expired()) return;
      std::this_thread::sleep_for(1ms);
    }
    out->body = "mirror " + std::to_string(mirror);
    done.signal();
  });
}
chime::task<std::string> first_of_three(chime::event_pool& pool) {
  std::array<chime::event, 3> events;
  std::array<std::shared_ptr<slot>, 3> slots;
  std::vector<std::jthread> threads;  // destroyed first: asked to stop, and joined
  for (std::size_t i = 0; i < events.size(); ++i) {
    auto ev = pool.acquire();
    if (!ev) co_return "no event: " + ev.error().message();
    events[i] = std::move(*ev);
    slots[i] = std::make_shared<slot>();
    threads.push_back(fetch(static_cast<int>(i) + 1, slots[i], events[i].get_ticket()));
  }
  auto winner = co_await chime::async_wait_any(events, {.deadline = chime::clock::now() + 10s});
  if (!winner) co_return winner.error() == chime::errc::timed_out ? "too slow" : winner.error().message();
  for (auto& ev : events) ev = {};  // releases all: the losers' tickets are expired from here on
  co_return slots[*winner]->body;
}
int main() {
  chime::proactor loop;
  loop.open().value();
  chime::event_pool pool;
  pool.open(loop).value();
  std::puts(chime::run(loop, first_of_three(pool)).c_str());
}
