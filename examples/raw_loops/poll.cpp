// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <poll.h>

#include <algorithm>
#include <chime/chime.hpp>
#include <cstdio>
#include <system_error>
#include <thread>

/// Sleeps until the descriptor is readable, or until `next`: to the nanosecond. True: it is readable.
bool wait_readable(chime::native_handle handle, chime::time_point next) {
  pollfd host{.fd = static_cast<int>(handle), .events = POLLIN, .revents = 0};  // and what else the host waits for
  timespec timeout{};
  if (next != chime::time_point::min()) {
    const auto left = std::max(next - chime::clock::now(), std::chrono::nanoseconds(0));
    timeout = {.tv_sec = left.count() / 1'000'000'000, .tv_nsec = left.count() % 1'000'000'000};
  }
  const int count = ppoll(&host, 1, next == chime::never ? nullptr : &timeout, nullptr);
  if (count < 0 && errno != EINTR) throw std::system_error(errno, std::system_category(), "ppoll");
  return count > 0;
}

int main() {
  chime::proactor loop;
  loop.open({.guest = true}).value();
  chime::event_pool pool;
  pool.open(loop, {.initial_capacity = 16}).value();

  bool finished = false;
  auto done = [&](chime::completion&&) { finished = true; };
  chime::event ev = pool.acquire().value();
  std::jthread worker([t = ev.get_ticket()] { t.signal(); });
  std::move(ev).submit(done);

  auto next = chime::time_point::min();  // when the next turn is due: the first, before the first sleep
  bool readable = false;
  while (!finished) {
    if (readable || chime::clock::now() >= next) next = loop.guest_poll().value();
    if (!finished) readable = wait_readable(loop.handle(), next);
  }
  std::puts("done");
}
