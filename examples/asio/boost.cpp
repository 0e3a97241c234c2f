// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <chime/boost_asio.hpp>
// After it: Boost 1.74's awaitable.hpp forgets to include <utility>.
#include <boost/asio.hpp>
#include <chime/chime.hpp>
#include <cstdio>
#include <thread>

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<void> wait_for_worker(chime::boost_asio_guest& guest, chime::event_pool& pool) {
  chime::event done = pool.acquire().value();
  std::jthread worker([t = done.get_ticket()] { t.signal(); });
  co_await guest.async_wait(std::move(done), chime::clock::now() + 10s, asio::use_awaitable);
  std::puts("the worker is done");
}

int main() {
  asio::io_context io(1);
  chime::proactor loop;
  loop.open({.guest = true}).value();
  chime::event_pool pool;
  pool.open(loop, {.initial_capacity = 16}).value();
  chime::boost_asio_guest guest(io.get_executor(), loop);

  asio::co_spawn(io, wait_for_worker(guest, pool), asio::detached);
  io.run();  // returns when no wait is outstanding
}
