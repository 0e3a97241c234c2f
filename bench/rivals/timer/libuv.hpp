// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// libuv's timers: one uv_timer_t each. They count in milliseconds, and stopping one calls nothing back.
#pragma once

#include <uv.h>

#include <cstdint>
#include <vector>

#include "rivals/signal/libuv.hpp"

namespace chime::bench {

class libuv_timers {
 public:
  static constexpr const char* name = "libuv";

  explicit libuv_timers(std::size_t count) : timers_(count) {
    checked_uv(uv_loop_init(&loop_), "uv_loop_init");
    for (uv_timer_t& timer : timers_) {
      checked_uv(uv_timer_init(&loop_, &timer), "uv_timer_init");
      timer.data = &completed_;
    }
  }
  libuv_timers(const libuv_timers&) = delete;
  libuv_timers& operator=(const libuv_timers&) = delete;
  ~libuv_timers() {
    for (uv_timer_t& timer : timers_) uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }
  /// Time-outs count from the loop's time, which is that of the steady clock in whole milliseconds.
  void begin() { uv_update_time(&loop_); }
  void insert(std::size_t timer, std::int64_t due_ns) {
    const std::uint64_t due_ms = static_cast<std::uint64_t>(due_ns) / 1'000'000 + 1;
    checked_uv(uv_timer_start(&timers_[timer], expired, due_ms - uv_now(&loop_), 0), "uv_timer_start");
  }
  void settle() {}
  void cancel(std::size_t timer) {
    checked_uv(uv_timer_stop(&timers_[timer]), "uv_timer_stop");
    ++completed_;
  }
  void poll() { uv_run(&loop_, UV_RUN_NOWAIT); }
  [[nodiscard]] std::size_t completed() const { return completed_; }

 private:
  static void expired(uv_timer_t* timer) { ++*static_cast<std::size_t*>(timer->data); }

  uv_loop_t loop_{};
  std::vector<uv_timer_t> timers_;
  std::size_t completed_ = 0;
};

}  // namespace chime::bench
