// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// chime's timers: operations, submitted and cancelled through the loop's queue. What the three rivals have in common
/// is described in cases/timer.cpp.
#pragma once

#include <chime/chime.hpp>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace chime::bench {

class chime_timers {
 public:
  static constexpr const char* name = "chime";

  explicit chime_timers(std::size_t count) : timers_(count) {
    if (const auto opened = loop_.open(); !opened) throw std::system_error(opened.error(), "proactor::open");
  }
  void begin() {}
  void insert(std::size_t timer, std::int64_t due_ns) {
    loop_.submit(timers_[timer], {count_one, &completed_}, time_point(std::chrono::nanoseconds(due_ns)));
  }
  /// A post travels behind what was submitted before it.
  void settle() {
    operation post;
    std::size_t arrived = 0;
    loop_.submit(post, {count_one, &arrived});
    while (arrived == 0) poll();
  }
  void cancel(std::size_t timer) {
    if (!loop_.cancel(timers_[timer]))
      throw std::runtime_error("chime: a timer had an outcome before it was cancelled");
  }
  void poll() {
    if (const auto polled = loop_.poll(); !polled) throw std::system_error(polled.error(), "proactor::poll");
  }
  [[nodiscard]] std::size_t completed() const { return completed_; }

 private:
  static void count_one(void* counter, completion&&) { ++*static_cast<std::size_t*>(counter); }

  proactor loop_;
  std::vector<operation> timers_;
  std::size_t completed_ = 0;
};

}  // namespace chime::bench
