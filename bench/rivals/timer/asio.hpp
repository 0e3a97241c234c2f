// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// asio's timers: one steady_timer each, on a context that one thread runs.
#pragma once

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <vector>

namespace chime::bench {

class asio_timers {
 public:
  static constexpr const char* name = "asio";

  explicit asio_timers(std::size_t count) {
    timers_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) timers_.emplace_back(context_);
  }
  /// A context that ran out of work has stopped.
  void begin() { context_.restart(); }
  void insert(std::size_t timer, std::int64_t due_ns) {
    timers_[timer].expires_at(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(due_ns)));
    timers_[timer].async_wait([this](const std::error_code&) { ++completed_; });
  }
  void settle() {}
  void cancel(std::size_t timer) { timers_[timer].cancel(); }
  void poll() { context_.poll(); }
  [[nodiscard]] std::size_t completed() const { return completed_; }

 private:
  ::asio::io_context context_{1};
  std::vector<::asio::steady_timer> timers_;
  std::size_t completed_ = 0;
};

}  // namespace chime::bench
