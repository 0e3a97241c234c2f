// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A server on standalone Asio whose sessions hand their work to a crew of threads; and a client that ends it.
#include <array>
#include <asio.hpp>
#include <chime/asio.hpp>
#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;
using namespace std::chrono_literals;
struct work {
  std::array<char, 1024> data;
  std::size_t size = 0;
};
static asio::thread_pool crew(2);
static awaitable<void> session(tcp::socket s, chime::asio_guest& guest, chime::event_pool& pool) {
  auto w = std::make_shared<work>();
  for (;;) {
    w->size = co_await s.async_read_some(asio::buffer(w->data), use_awaitable);
    auto ev = pool.acquire();
    if (!ev) co_return;  // 503
    asio::post(crew, [w, t = ev->get_ticket()] {
      for (auto& c : w->data) c ^= 1;
      t.signal();
    });
    co_await chime::async_wait(guest, std::move(*ev), chime::clock::now() + 30s, use_awaitable);
    co_await asio::async_write(s, asio::buffer(w->data, w->size), use_awaitable);
  }
}
static awaitable<void> serve(tcp::acceptor& a, chime::asio_guest& guest, chime::event_pool& pool) {
  for (;;) {
    asio::co_spawn(a.get_executor(), session(co_await a.async_accept(use_awaitable), guest, pool), asio::detached);
  }
}
static void ask(const tcp::endpoint& server) {
  asio::io_context io;
  tcp::socket s(io);
  s.connect(server);
  asio::write(s, asio::buffer("idmmn", 5));
  std::string answer(5, ' ');
  asio::read(s, asio::buffer(answer));
  std::puts(answer.c_str());
}
int main() {
  asio::io_context io(1);
  chime::proactor loop;
  loop.open({.guest = true}).value();
  chime::event_pool pool;
  pool.open(loop, {.initial_capacity = 64}).value();
  chime::asio_guest guest(io.get_executor(), loop);
  guest.start();
  tcp::acceptor a(io, {asio::ip::address_v4::loopback(), 0});
  asio::signal_set stop(io, SIGTERM, SIGINT);
  stop.async_wait([&](auto, int) {
    a.close();
    pool.cancel_all();
    guest.stop();
  });
  asio::co_spawn(io, serve(a, guest, pool), asio::detached);
  std::jthread client([server = a.local_endpoint()] {
    ask(server);
    std::raise(SIGTERM);
  });
  io.run();
  crew.join();
}
