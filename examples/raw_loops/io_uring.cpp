// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <liburing.h>
#include <poll.h>

#include <algorithm>
#include <chime/chime.hpp>
#include <cstdio>
#include <system_error>
#include <thread>

int checked(int result, const char* call) {
  if (result < 0) throw std::system_error(-result, std::system_category(), call);
  return result;
}

/// Waits for a completion, until `next` at most; null: there is none.
io_uring_cqe* wait_until(io_uring& ring, chime::time_point next) {
  io_uring_cqe* cqe = nullptr;
  const auto left = next == chime::time_point::min()
                        ? std::chrono::nanoseconds(0)
                        : std::max(next - chime::clock::now(), std::chrono::nanoseconds(0));
  __kernel_timespec timeout{.tv_sec = left.count() / 1'000'000'000, .tv_nsec = left.count() % 1'000'000'000};
  const int result =
      io_uring_submit_and_wait_timeout(&ring, &cqe, 1, next == chime::never ? nullptr : &timeout, nullptr);
  if (result != -ETIME && result != -EINTR) checked(result, "io_uring_submit_and_wait_timeout");
  return cqe;
}

int main() {
  chime::proactor loop;
  loop.open({.guest = true}).value();
  chime::event_pool pool;
  pool.open(loop, {.initial_capacity = 16}).value();

  io_uring host;
  checked(io_uring_queue_init(64, &host, 0), "io_uring_queue_init");

  bool finished = false;
  auto done = [&](chime::completion&&) { finished = true; };
  chime::event ev = pool.acquire().value();
  std::jthread worker([t = ev.get_ticket()] { t.signal(); });
  std::move(ev).submit(done);

  auto next = chime::time_point::min();  // when the next turn is due: the first, before the first sleep
  bool readable = false;
  bool armed = false;  // the poll on the chime loop's handle: multishot, until the kernel says otherwise
  while (!finished) {
    if (readable || chime::clock::now() >= next) next = loop.guest_poll().value();
    readable = false;
    if (finished) break;
    if (!armed) {
      io_uring_sqe* sqe = io_uring_get_sqe(&host);  // here the submission queue always has room
      io_uring_prep_poll_multishot(sqe, static_cast<int>(loop.handle()), POLLIN);
      io_uring_sqe_set_data(sqe, &loop);
      armed = true;
    }
    io_uring_cqe* cqe = wait_until(host, next);
    while (cqe != nullptr) {
      if (io_uring_cqe_get_data(cqe) == &loop) {
        checked(cqe->res, "poll of the chime loop");
        readable = true;
        armed = (cqe->flags & IORING_CQE_F_MORE) != 0;
      }  // else: an operation of the host's
      io_uring_cqe_seen(&host, cqe);
      if (io_uring_peek_cqe(&host, &cqe) != 0) break;
    }
  }
  io_uring_queue_exit(&host);
  std::puts("done");
}
