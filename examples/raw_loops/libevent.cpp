// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <event2/event.h>

#include <algorithm>
#include <chime/chime.hpp>
#include <cstdio>
#include <stdexcept>
#include <thread>

chime::proactor loop;
event* readable_or_due = nullptr;  // watches the chime loop's handle, and times out at its next deadline

void turn(evutil_socket_t, short, void*) {
  const auto next = loop.guest_poll().value();
  if (readable_or_due == nullptr) return;  // a completion has ended it
  const auto left = next == chime::time_point::min() ? std::chrono::microseconds(0)
                                                     : std::chrono::ceil<std::chrono::microseconds>(std::max(
                                                           next - chime::clock::now(), std::chrono::nanoseconds(0)));
  const timeval timeout{.tv_sec = left.count() / 1'000'000, .tv_usec = left.count() % 1'000'000};
  if (event_add(readable_or_due, next == chime::never ? nullptr : &timeout) != 0) throw std::runtime_error("event_add");
}

int main() {
  loop.open({.guest = true}).value();
  chime::event_pool pool;
  pool.open(loop, {.initial_capacity = 16}).value();
  event_base* host = event_base_new();
  if (host == nullptr) throw std::runtime_error("event_base_new");
  readable_or_due = event_new(host, static_cast<evutil_socket_t>(loop.handle()), EV_READ, turn, nullptr);
  if (readable_or_due == nullptr) throw std::runtime_error("event_new");

  auto done = [](chime::completion&&) {
    event_free(readable_or_due);  // nothing is outstanding: the host's loop returns
    readable_or_due = nullptr;
  };
  chime::event ev = pool.acquire().value();
  std::jthread worker([t = ev.get_ticket()] { t.signal(); });
  std::move(ev).submit(done);

  turn(-1, 0, nullptr);  // the first comes before the first sleep
  if (event_base_dispatch(host) < 0) throw std::runtime_error("event_base_dispatch");
  event_base_free(host);
  std::puts("done");
}
