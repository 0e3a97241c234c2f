// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "listener.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <exception>
#include <string_view>

#include "session.hpp"

namespace http_offload {
namespace {

/// When descriptors or memory are short, which only time helps.
constexpr std::chrono::milliseconds pause{100};

/// Such as no memory: costs the one connection.
void tell(std::exception_ptr failure) {
  if (!failure) return;
  try {
    std::rethrow_exception(std::move(failure));
  } catch (const std::exception& error) {
    fmt::print(stderr, "http_offload: a connection was given up: {}\n", error.what());
  }
}

/// Without a coroutine, since there are too many already: what the socket does not take at once is not sent.
void turn_away(tcp::socket socket) {
  static constexpr std::string_view answer =
      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(answer), ignored);
}

}  // namespace

awaitable<void> listen(tcp::acceptor& acceptor, service& all) {
  asio::steady_timer timer{acceptor.get_executor()};
  while (acceptor.is_open()) {
    error_code error;
    tcp::socket socket = co_await acceptor.async_accept(into(error));
    if (!acceptor.is_open()) co_return;
    if (error) {
      timer.expires_after(pause);
      co_await timer.async_wait(into(error));
    } else if (all.open.size() == all.limits.max_connections) {
      turn_away(std::move(socket));
    } else {
      socket.set_option(tcp::no_delay{true}, error);  // it works without, only slower
      asio::co_spawn(acceptor.get_executor(), serve(std::move(socket), all), tell);
    }
  }
}

}  // namespace http_offload
