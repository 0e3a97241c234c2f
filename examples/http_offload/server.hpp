// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The whole: one thread that runs the io_context, the workers, and an orderly end.
///
/// SIGTERM or SIGINT: nobody is accepted any more, idle connections are closed, every request that has begun is answered
/// and its connection closed, the workers finish, and run() returns. What is not over in time is cut. A second signal finds
/// the system's default and ends the process at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "net.hpp"
#include "service.hpp"
#include "workers.hpp"

namespace http_offload {

struct summary {
  std::uint64_t answered = 0;
  std::size_t cut = 0;   ///< connections that were open when time was up
  std::size_t lost = 0;  ///< jobs that were never completed: 0, or there is a bug
};

class server {
 public:
  /// Listens. Throws std::system_error.
  explicit server(const settings& s);
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  /// Serves until a signal comes, once.
  [[nodiscard]] summary run();

 private:
  [[nodiscard]] std::unique_ptr<completion> make_completion();
  void shut_down();
  void over();

  const settings settings_;
  asio::io_context io_{1};
  std::optional<workers> crew_;
  std::unique_ptr<completion> completion_;
  service all_;
  tcp::acceptor acceptor_;
  asio::signal_set signals_;
  asio::steady_timer grace_;
  std::size_t cut_ = 0;
};

}  // namespace http_offload
