// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A guest in an io_context, on each backend that can be one. Ends every test by closing all of it: nothing may be out.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chime/chime.hpp>
#include <chrono>
#include <deque>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "library.hpp"

namespace asio_test {

using namespace std::chrono_literals;
using chime::clock;

/// Waits for something that another thread does; 30 seconds without it are a failure.
template <class Predicate>
[[nodiscard]] bool eventually(Predicate is_true) {
  const chime::time_point end = clock::now() + 30s;
  while (!is_true()) {
    if (clock::now() > end) return false;
    std::this_thread::sleep_for(50us);
  }
  return true;
}

/// A completion handler that counts, and keeps the last error.
struct outcome {
  int completions = 0;
  error_code error;
  [[nodiscard]] auto handler() {
    return [this](error_code e) {
      ++completions;
      error = e;
    };
  }
};

class in_asio : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    for (const chime::backend_report& report : chime::probe_backends()) {
      if (report.name == GetParam() && !report.usable) GTEST_SKIP() << GetParam() << ": " << report.detail.data();
    }
    open({});
  }
  void TearDown() override {
    if (HasFailure() || IsSkipped()) return;
    the_guest.reset();
    EXPECT_EQ(pool.close(), 0U) << "events are still out";
    EXPECT_TRUE(loop.close());
  }
  void open(chime::proactor_options options) {
    options.backend = GetParam();
    options.guest = true;
    ASSERT_TRUE(loop.open(options));
    ASSERT_TRUE(pool.open(loop, {.initial_capacity = 8}));
    the_guest.emplace(io.get_executor(), loop);
  }
  void reopen(chime::proactor_options options) {
    the_guest.reset();
    ASSERT_EQ(pool.close(), 0U);
    ASSERT_TRUE(loop.close());
    open(options);
  }
  [[nodiscard]] chime::event acquire() {
    auto got = pool.acquire();
    EXPECT_TRUE(got) << got.error().message();
    return got ? std::move(*got) : chime::event{};
  }
  [[nodiscard]] std::size_t held() const { return pool.stats().held; }
  /// Runs the host until nothing is outstanding. A wait that never ends is found by the test's time limit.
  void run() {
    io.restart();
    io.run();
  }
  /// Runs the handlers that there are, and those that a loop which expects more queues, until it has fallen asleep.
  void settle() {
    io.restart();
    while (io.poll() != 0) {
    }
  }

  host::io_context io{1};
  chime::proactor loop;
  chime::event_pool pool;
  std::optional<guest> the_guest;
};

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): the framework's own are macros
#define AS_A_GUEST(suite)                                                   \
  INSTANTIATE_TEST_SUITE_P(on, suite, testing::Values("epoll", "io_uring"), \
                           [](const auto& with) { return std::string(with.param); })

}  // namespace asio_test
