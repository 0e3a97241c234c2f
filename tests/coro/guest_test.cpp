// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Coroutines on a loop that is a guest of another: nobody is the polling thread between two calls of its host.
#include <thread>

#include "coro_world.hpp"

namespace coro_test {
namespace {

class CoroGuest : public testing::TestWithParam<conformance::world> {
 protected:
  void SetUp() override {
    const auto opened = loop.open({.backend = GetParam().backend, .spin = 0ns, .guest = true});
    if (!opened && opened.error() == chime::errc::unsupported) GTEST_SKIP() << opened.error().message();
    ASSERT_TRUE(opened) << opened.error().message();
    ASSERT_TRUE(pool.open(loop));
    events[0] = pool.acquire().value();
    events[1] = pool.acquire().value();
  }
  void TearDown() override {
    if (IsSkipped()) return;
    events = {};
    EXPECT_EQ(pool.close(), 0U);
    EXPECT_TRUE(loop.close());
  }
  /// Calls until the guest sleeps.
  void lull() {
    for (;;) {
      const auto next = loop.guest_poll();
      ASSERT_TRUE(next) << next.error().message();
      if (*next != chime::time_point::min()) return;
    }
  }
  /// What a host does: sleeps on the handle, then calls.
  template <class T>
  void host_until(const record<T>& r) {
    while (!r.came()) {
      ASSERT_TRUE(eventually([&] { return conformance::is_readable(loop.handle()); })) << "the host was not woken";
      lull();
    }
  }

  chime::proactor loop;
  chime::event_pool pool;
  std::array<chime::event, 2> events;
};
INSTANTIATE_TEST_SUITE_P(on, CoroGuest, testing::Values(conformance::world{"io_uring"}, conformance::world{"epoll"}),
                         conformance::name_of);

TEST_P(CoroGuest, WaitsWakeTheHost) {
  lull();
  std::stop_source source;
  const std::stop_token token = source.get_token();
  record<> plain;
  foreign f = await_into(plain, chime::async_wait(events[0]));
  std::jthread([&] { (void)events[0].get_ticket().signal(); }).join();
  host_until(plain);
  EXPECT_EQ(plain.outcome(), outcome::success);
  record<std::size_t> any;
  foreign g = await_into(any, chime::async_wait_any(events, {.stop = token}));
  lull();
  std::jthread([&] { source.request_stop(); }).join();
  host_until(any);
  EXPECT_EQ(any.outcome(), outcome::cancelled);
}

// After it the guest is awake, so the host must come, or later signals would not make the handle readable.
TEST_P(CoroGuest, AFrameIsDestroyedBetweenTwoCalls) {
  record<> r;
  record<> other;
  foreign f = await_into(r, chime::async_wait(events[0]));
  foreign g = await_into(other, chime::async_wait(events[1]));
  lull();
  f.destroy();
  EXPECT_EQ(events[1].get_ticket().signal(), signal_result::delivered);
  host_until(other);
  EXPECT_EQ(other.outcome(), outcome::success);
  EXPECT_FALSE(r.came());
}

TEST_P(CoroGuest, WhatItFindsInTheQueueIsNotLost) {
  record<> r;
  record<> other;
  foreign f = await_into(r, chime::async_wait(events[0]));
  foreign g = await_into(other, chime::async_wait(events[1]));
  lull();
  EXPECT_EQ(events[1].get_ticket().signal(), signal_result::delivered);
  EXPECT_EQ(events[0].get_ticket().signal(), signal_result::delivered);
  f.destroy();
  host_until(other);
  EXPECT_EQ(other.outcome(), outcome::success);
  EXPECT_EQ(events[0].get_ticket().signal(), signal_result::coalesced) << "its signal is kept";
}

TEST_P(CoroGuest, AFrameWithAWatchIsDestroyedBetweenTwoCalls) {
  auto pipe = conformance::descriptor_pair::pipe();
  record<> r;
  record<> other;
  foreign f =
      await_into(r, chime::async_wait(loop, pipe.first, chime::interest::readable, {.deadline = clock::now() + 1h}));
  foreign g = await_into(other, chime::async_wait(loop, pipe.first, chime::interest::readable));
  lull();
  f.destroy();
  ASSERT_TRUE(conformance::write_byte(pipe.second));
  host_until(other);
  EXPECT_EQ(other.outcome(), outcome::success);
}

using CoroGuestDeathTest = CoroGuest;
INSTANTIATE_TEST_SUITE_P(on, CoroGuestDeathTest, testing::Values(conformance::world{"io_uring"}), conformance::name_of);

TEST_P(CoroGuestDeathTest, AKernelThatStaysWithOneThread) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  record<> r;
  foreign f = await_into(r, chime::async_wait(events[0]));
  lull();
  EXPECT_DEATH(std::jthread([&] { f.destroy(); }).join(),
               "chime: a coroutine was destroyed while it waits, on another");
  f.destroy();
}

}  // namespace
}  // namespace coro_test
