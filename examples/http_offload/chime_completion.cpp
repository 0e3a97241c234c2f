// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "chime_completion.hpp"

#include <system_error>

namespace http_offload {
namespace {

void require(const chime::result<void>& opened, const char* what) {
  if (!opened) throw std::system_error(opened.error(), what);
}

}  // namespace

chime_completion::open_loop::open_loop(std::chrono::nanoseconds spin) {
  require(open({.spin = spin, .guest = true}), "cannot open the loop");
}

chime_completion::chime_completion(asio::io_context& io, workers& crew, const settings& s)
    : crew_(crew), deadline_(s.work_deadline), loop_(s.spin), guest_(io.get_executor(), loop_) {
  require(pool_.open(loop_, {.initial_capacity = s.max_work, .maximum_capacity = s.max_work}), "cannot open the pool");
  guest_.start();  // until finish(): the first and the last wait of many then cost no more than the others
}

awaitable<outcome> chime_completion::offload(std::shared_ptr<job> j) {
  chime::result<chime::event> slot = pool_.acquire();
  if (!slot) co_return outcome::busy;
  chime::event ev = std::move(*slot);
  j->done = [t = ev.get_ticket()] { t.signal(); };
  crew_.push(j);

  error_code error;
  co_await guest_.async_wait(ev, chime::clock::now() + deadline_, into(error));
  if (!error) co_return outcome::done;

  // The event stays out until the worker is through, so that a stuck worker's job counts as work and its memory stays. A
  // job that no worker has begun is only passed over.
  j->abandoned.store(true, std::memory_order_relaxed);
  guest_.async_wait(std::move(ev), [j](error_code) {});
  co_return error == chime::errc::timed_out ? outcome::late : outcome::error;
}

}  // namespace http_offload
