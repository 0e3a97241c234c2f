// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// How a guest ends, what it refuses, and what stops the program.
#include "uv/world.hpp"

namespace uv_test {
namespace {

class uv_close : public in_libuv {
 protected:
  void SetUp() override {
    GTEST_FLAG_SET(death_test_style, "threadsafe");  // the loops of this process are not for a forked one
    in_libuv::SetUp();
  }
};
using uv_close_death_test = uv_close;
ON_EVERY_GUEST_BACKEND(uv_close);
ON_EVERY_GUEST_BACKEND(uv_close_death_test);

TEST_P(uv_close, is_refused_while_a_wait_is_outstanding_and_changes_nothing) {
  chime::event ev = first.acquire();
  const chime::ticket name = ev.get_ticket();
  chime::uv_wait wait;
  waiter w;
  guest.submit(wait, std::move(ev), w);
  const auto refused = guest.close();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), chime::errc::busy);
  name.signal();
  run();
  EXPECT_EQ(w.outcome(), outcome::success);
}

TEST_P(uv_close, is_refused_between_start_and_stop) {
  guest.start();
  EXPECT_FALSE(guest.close());
  guest.stop();
}

TEST_P(uv_close, of_a_guest_that_never_ran_leaves_nothing_in_the_loop) {
  first.close();
  EXPECT_TRUE(guest.is_open());
  EXPECT_EQ(uv_run(&host, UV_RUN_DEFAULT), 0);
  EXPECT_FALSE(guest.is_open());
}

TEST_P(uv_close, a_second_one_is_refused) {
  first.close();
  EXPECT_EQ(guest.close().error(), std::errc::connection_already_in_progress);
  EXPECT_EQ(uv_run(&host, UV_RUN_DEFAULT), 0);
  EXPECT_EQ(guest.close().error(), std::errc::connection_already_in_progress);
}

TEST_P(uv_close, a_closed_one_may_be_opened_again) {
  first.close();
  EXPECT_EQ(uv_run(&host, UV_RUN_DEFAULT), 0);
  first.open(host, GetParam());
  chime::uv_wait wait;
  waiter w;
  guest.submit(wait, first.acquire(), w, clock::now());
  run();
  EXPECT_EQ(w.outcome(), outcome::timed_out);
}

TEST_P(uv_close, a_completion_may_call_it) {
  chime::operation far;  // so that there is another deadline, which nobody arms any more
  waiter far_waiter;
  loop.submit(far, far_waiter, clock::now() + 1h);
  chime::uv_wait wait;
  bool closed = false;
  auto done = [&](chime::completion&& c) {
    c.ev.reset();
    closed = guest.close().has_value();
  };
  guest.submit(wait, first.acquire(), done, clock::now() + 1ms);
  run();
  EXPECT_TRUE(closed);
  EXPECT_FALSE(guest.is_open());
  EXPECT_TRUE(loop.cancel(far));
  while (far_waiter.completions == 0) ASSERT_TRUE(loop.guest_poll());  // the loop itself goes on
  EXPECT_EQ(first.pool.close(), 0U);
  EXPECT_TRUE(loop.close());
}

TEST_P(uv_close, nobody_is_called_after_it) {
  guest.start();
  bool closed = false;
  chime::operation timer;
  waiter w;
  loop.submit(timer, w, clock::now() + 1ms);
  repeat_until([&] {  // the deadline passes in the callback that closes
    if (!is_asleep() && w.completions == 0) return false;
    std::this_thread::sleep_for(2ms);
    guest.stop();
    closed = guest.close().has_value();
    return true;
  });
  run();
  EXPECT_TRUE(closed);
  const auto turns = guest.turns();
  if (w.completions == 0) {
    EXPECT_TRUE(loop.cancel(timer));
    while (w.completions == 0) ASSERT_TRUE(loop.guest_poll());  // the loop itself goes on
  }
  EXPECT_EQ(guest.turns(), turns);
  EXPECT_EQ(first.pool.close(), 0U);
  EXPECT_TRUE(loop.close());
}

TEST_P(uv_close, refuses_what_is_no_guest_and_a_second_guest_of_one_loop) {
  EXPECT_EQ(guest.open(host, loop).error(), std::errc::connection_already_in_progress);
  chime::uv_guest second;
  EXPECT_EQ(second.open(host, loop).error(), std::errc::file_exists);
  EXPECT_FALSE(second.is_open());
  chime::proactor ordinary;
  EXPECT_EQ(second.open(host, ordinary).error(), std::errc::invalid_argument);
  ASSERT_TRUE(ordinary.open());
  EXPECT_EQ(second.open(host, ordinary).error(), std::errc::invalid_argument);
}

TEST_P(uv_close_death_test, a_wait_submitted_in_flight) {
  chime::uv_wait wait;
  waiter w;
  EXPECT_DEATH(
      {
        guest.submit(wait, first.acquire(), w);
        guest.submit(wait, first.acquire(), w);
      },
      "^chime: a wait in a libuv loop was submitted while it is in flight\n$");
}

TEST_P(uv_close_death_test, a_wait_destroyed_in_flight) {
  waiter w;
  EXPECT_DEATH(
      {
        chime::uv_wait wait;
        guest.submit(wait, first.acquire(), w);
      },
      "^chime: a wait in a libuv loop was destroyed in flight\n$");
}

TEST_P(uv_close_death_test, a_stop_without_a_start) {
  EXPECT_DEATH(guest.stop(), "^chime: a guest of a libuv loop was stopped more often than started\n$");
}

TEST_P(uv_close_death_test, a_guest_destroyed_before_its_close_has_run) {
  EXPECT_DEATH(
      {
        lodger second;
        second.open(host, GetParam());
        second.close();
      },
      "^chime: a guest of a libuv loop was destroyed before that loop had closed it\n$");
}

// On io_uring a loop stays with the thread that came first, so that a turn of another fails.
TEST_P(uv_close, an_error_of_guest_poll_is_told_and_the_guest_goes_on) {
  if (std::string_view(GetParam()) == "epoll") return;
  first.close();
  EXPECT_EQ(uv_run(&host, UV_RUN_DEFAULT), 0);
  struct told {
    int errors = 0;
    std::error_code last;
  } all;
  ASSERT_TRUE(loop.open({.backend = GetParam(), .guest = true}));
  ASSERT_TRUE(first.pool.open(loop, {}));
  const auto on_error = [](chime::uv_guest& g, std::error_code error) {
    auto& seen = *static_cast<told*>(g.data);
    seen.last = error;
    if (++seen.errors == 3) g.stop();
  };
  ASSERT_TRUE(guest.open(host, loop, on_error));
  guest.data = &all;
  std::thread([this] { EXPECT_TRUE(loop.guest_poll()); }).join();
  guest.start();
  run();
  EXPECT_GE(all.errors, 3);
  EXPECT_EQ(all.last, chime::errc::wrong_thread);
}

}  // namespace
}  // namespace uv_test
