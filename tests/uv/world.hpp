// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A proactor inside a libuv loop, on the backend that the test runs on. Every test ends with the close of all of it: nothing
/// may be outstanding. uv_run() that does not return within 30 seconds is a failure.
#pragma once

#include <algorithm>
#include <chime/chime.hpp>
#include <chime/uv.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <thread>

#include "conformance/world.hpp"

namespace uv_test {

using namespace std::chrono_literals;
using chime::clock;
using chime::time_point;
using conformance::outcome;
using conformance::waiter;

/// One proactor with its pool and its guest.
struct lodger {
  chime::proactor loop;
  chime::event_pool pool;
  chime::uv_guest guest;
  /// Without spin: a guest is asleep as soon as it has nothing to run.
  void open(uv_loop_t& host, const char* backend);
  /// The proactor ends first, and libuv closes the handles later, as the header promises.
  void close();
  [[nodiscard]] chime::event acquire();
};

/// A timer of libuv that calls a function once.
struct host_timer {
  uv_timer_t timer{};
  std::function<void()> run;
};

class in_libuv : public testing::TestWithParam<const char*> {
 protected:
  in_libuv();
  ~in_libuv() override;
  void SetUp() override;
  void TearDown() override;

  /// uv_run() must return when nothing is outstanding.
  void run();
  /// On the loop's thread. uv_run() waits for it.
  void after(std::chrono::milliseconds, std::function<void()>);
  /// Calls it again and again on the loop's thread, a millisecond apart, until it says true.
  void repeat_until(std::function<bool()>);
  [[nodiscard]] bool is_asleep();

 private:
  struct things {
    uv_loop_t host{};
    lodger first;
    std::deque<host_timer> timers;
  };
  std::unique_ptr<things> things_;

 protected:
  uv_loop_t& host;
  lodger& first;
  chime::proactor& loop;
  chime::uv_guest& guest;
};

// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): the framework's own are macros
#define ON_EVERY_GUEST_BACKEND(suite)                                                            \
  INSTANTIATE_TEST_SUITE_P(on, suite, testing::Values("io_uring", "io_uring:no-defer", "epoll"), \
                           uv_test::name_of_backend)
[[nodiscard]] std::string name_of_backend(const testing::TestParamInfo<const char*>&);

}  // namespace uv_test
