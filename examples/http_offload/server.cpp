// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "server.hpp"

#include <csignal>

#include "chime_completion.hpp"
#include "listener.hpp"
#include "post_completion.hpp"

namespace http_offload {

server::server(const settings& s)
    : settings_(s),
      crew_(std::in_place, settings_),
      completion_(make_completion()),
      all_{.limits = settings_, .work = *completion_, .open = {}},
      acceptor_(io_, {asio::ip::address_v4::loopback(), s.port}),
      signals_(io_, SIGTERM, SIGINT),
      grace_(io_) {}

std::unique_ptr<completion> server::make_completion() {
  if (settings_.completion == completion_kind::post) return std::make_unique<post_completion>(io_, *crew_, settings_);
  return std::make_unique<chime_completion>(io_, *crew_, settings_);
}

summary server::run() {
  signals_.async_wait([this](const error_code& error, int) {
    if (!error) shut_down();
  });
  asio::co_spawn(io_, listen(acceptor_, all_), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(std::move(failure));
  });
  io_.run();
  crew_.reset();
  return {.answered = all_.answered, .cut = cut_, .lost = completion_->close()};
}

void server::shut_down() {
  error_code ignored;
  signals_.clear(ignored);
  acceptor_.close(ignored);
  grace_.expires_after(settings_.shutdown_grace);
  grace_.async_wait([this](const error_code& error) {
    if (error) return;
    cut_ = all_.open.size();
    all_.open.cut();
  });
  all_.open.drain([this] { over(); });
}

void server::over() {
  grace_.cancel();
  completion_->finish();
}

}  // namespace http_offload
