// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A wall clock that jumps by days. Setting the machine's would disturb everybody on it, so this program brings its own
/// clock_gettime: the monotonic clock is the machine's, every other one jumps each time it is asked. The library must not
/// ask for it, and every deadline must come as if nothing had happened.
#include <dlfcn.h>
#include <sys/time.h>

#include <ctime>

#include "world.hpp"

namespace {

std::atomic<unsigned> jumps{0};

/// Back and forth by days.
time_t somewhere() {
  const unsigned n = jumps.fetch_add(1);
  return 1'700'000'000 + (n % 2 == 0 ? 1 : -1) * static_cast<time_t>(n % 100) * 86'400;
}

}  // namespace

extern "C" int clock_gettime(clockid_t id, timespec* now) noexcept {
  using function = int (*)(clockid_t, timespec*);
  static const auto machines = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "clock_gettime"));
  if (id == CLOCK_MONOTONIC || id == CLOCK_PROCESS_CPUTIME_ID || id == CLOCK_THREAD_CPUTIME_ID)
    return machines(id, now);
  *now = {somewhere(), 0};
  return 0;
}
extern "C" int gettimeofday(timeval* now, void*) noexcept {
  *now = {somewhere(), 0};
  return 0;
}
extern "C" time_t time(time_t* now) noexcept {
  const time_t t = somewhere();
  if (now != nullptr) *now = t;
  return t;
}

namespace conformance {
namespace {

TEST(jumping_clock, is_what_programs_see_here) {
  const auto first = std::chrono::system_clock::now();
  const auto second = std::chrono::system_clock::now();
  const auto third = std::chrono::system_clock::now();
  EXPECT_GE(std::max(std::chrono::abs(second - first), std::chrono::abs(third - second)), 24h);
}

using jumping_clock_loop = in_world;
IN_EVERY_WORLD(jumping_clock_loop);

TEST_P(jumping_clock_loop, keeps_every_deadline) {
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 2}));
  waiter& still_waiting = submit(acquire(), clock::now() + 1h);
  for (int round = 0; round < 5; ++round) {
    const unsigned before = jumps;
    const time_point due = clock::now() + 2ms;
    waiter& w = submit(acquire(), due);
    waiter& timer = make_waiter();
    loop.submit(make_operation(), timer, due);
    ASSERT_TRUE(complete(w));
    ASSERT_TRUE(complete(timer));
    EXPECT_GE(w.when, due);
    EXPECT_GE(timer.when, due);
    EXPECT_EQ(w.outcome(), outcome::timed_out);
    w.ev.reset();
    ASSERT_TRUE(loop.poll(1ms));
    EXPECT_EQ(jumps, before) << "the wall clock was asked";
    (void)std::chrono::system_clock::now();
  }
  EXPECT_EQ(still_waiting.completions, 0);
  pool.cancel_all();
  ASSERT_TRUE(complete(still_waiting));
  still_waiting.ev.reset();
}

TEST(jumping_clock, does_not_move_a_blocking_wait) {
  chime::event_pool pool;
  ASSERT_TRUE(pool.open({.initial_capacity = 1}));
  chime::event ev = pool.acquire().value();
  for (int round = 0; round < 5; ++round) {
    const unsigned before = jumps;
    const time_point due = clock::now() + 2ms;
    const auto waited = ev.wait_until(due);
    EXPECT_EQ(jumps, before) << "the wall clock was asked";
    EXPECT_GE(clock::now(), due);
    ASSERT_FALSE(waited);
    EXPECT_TRUE(waited.error() == chime::errc::timed_out);
  }
}

}  // namespace
}  // namespace conformance
