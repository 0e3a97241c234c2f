// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <liburing.h>
#include <poll.h>

#include <algorithm>
#include <chime/chime.hpp>
#include <cstdio>
#include <thread>
int main() {
  chime::proactor loop;
  loop.open({.guest = true}).value();
  chime::event_pool pool;
  pool.open(loop, {.initial_capacity = 4}).value();
  io_uring ring;
  if (io_uring_queue_init(64, &ring, 0) != 0) return 1;

  chime::event ev = pool.acquire().value();
  std::jthread worker([t = ev.get_ticket()] { t.signal(); });
  bool finished = false;
  auto done = [&](chime::completion&&) { finished = true; };
  std::move(ev).submit(done);

  bool armed = false;
  while (!finished) {
    const auto until = loop.guest_poll().value();
    if (finished) break;
    if (!armed) {
      auto* sqe = io_uring_get_sqe(&ring);
      io_uring_prep_poll_multishot(sqe, static_cast<int>(loop.handle()), POLLIN);
      armed = true;
    }
    if (io_uring_submit(&ring) < 0) return 1;
    io_uring_cqe* cqe = nullptr;
    int waited = 0;
    if (until == chime::never) {
      waited = io_uring_wait_cqe(&ring, &cqe);
    } else if (until == chime::time_point::min()) {
      waited = io_uring_peek_cqe(&ring, &cqe);
    } else {
      const auto left = std::max(std::chrono::nanoseconds(until - chime::clock::now()), std::chrono::nanoseconds(0));
      __kernel_timespec ts{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
      waited = io_uring_wait_cqe_timeout(&ring, &cqe, &ts);
    }
    if (waited < 0 && waited != -ETIME && waited != -EAGAIN && waited != -EINTR) return 1;
    if (cqe != nullptr) {
      armed = (cqe->flags & IORING_CQE_F_MORE) != 0;
      io_uring_cqe_seen(&ring, cqe);
    }
  }
  io_uring_queue_exit(&ring);
  std::puts("done");
}
