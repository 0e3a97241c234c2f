// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <chime/chime.hpp>
#include <cstdio>
#include <system_error>
#include <thread>

int checked(int result, const char* call) {
  if (result < 0) throw std::system_error(errno, std::system_category(), call);
  return result;
}

/// For epoll_wait: milliseconds, rounded up, so that the time has come when it returns. Too early would do no harm.
int milliseconds_until(chime::time_point next) {
  if (next == chime::never) return -1;
  if (next == chime::time_point::min()) return 0;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - chime::clock::now());
  return static_cast<int>(std::clamp<long long>(left.count(), 0, 60'000));
}

int main() {
  chime::proactor loop;
  loop.open({.guest = true}).value();
  chime::event_pool pool;
  pool.open(loop, {.initial_capacity = 16}).value();

  const int host = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  epoll_event wanted{.events = EPOLLIN, .data = {.ptr = &loop}};
  checked(epoll_ctl(host, EPOLL_CTL_ADD, static_cast<int>(loop.handle()), &wanted), "epoll_ctl");

  bool finished = false;
  auto done = [&](chime::completion&&) { finished = true; };
  chime::event ev = pool.acquire().value();
  std::jthread worker([t = ev.get_ticket()] { t.signal(); });
  std::move(ev).submit(done);

  auto next = chime::time_point::min();  // when the next turn is due: the first, before the first sleep
  for (bool readable = false; !finished;) {
    if (readable || chime::clock::now() >= next) next = loop.guest_poll().value();
    readable = false;
    if (finished) break;
    epoll_event ready[64];
    const int count = epoll_wait(host, ready, 64, milliseconds_until(next));
    if (count < 0 && errno != EINTR) checked(count, "epoll_wait");
    for (int i = 0; i < count; ++i) {
      if (ready[i].data.ptr == &loop) readable = true;
      // else: a descriptor of the host's
    }
  }
  checked(close(host), "close");
  std::puts("done");
}
