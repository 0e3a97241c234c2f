// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// When the host's run() returns, what exceptions do, and what stops the program.
#include "fixture.hpp"

namespace asio_test {
namespace {

using AsioLifetime = in_asio;
AS_A_GUEST(AsioLifetime);
using AsioDeathTest = in_asio;
AS_A_GUEST(AsioDeathTest);

TEST_P(AsioLifetime, WithoutWaitsTheHostHasNothingToDo) { EXPECT_EQ(io.run(), 0U); }

TEST_P(AsioLifetime, RunReturnsWhenNoWaitIsOutstandingAsOftenAsOneLikes) {
  for (int round = 0; round < 3; ++round) {
    outcome seen;
    chime::event ev = acquire();
    const chime::ticket signaller = ev.get_ticket();
    the_guest->async_wait(std::move(ev), clock::now() + 1h, seen.handler());
    settle();
    EXPECT_FALSE(io.stopped()) << "the host would have returned with a wait outstanding";
    signaller.signal();
    run();
    EXPECT_EQ(seen.completions, 1);
    EXPECT_TRUE(io.stopped());
  }
}

TEST_P(AsioLifetime, AHandlerThatWaitsAgainKeepsTheHostRunning) {
  outcome second;
  chime::event ev = acquire();
  const chime::ticket signaller = ev.get_ticket();
  signaller.signal();
  the_guest->async_wait(ev, [&](error_code) { the_guest->async_wait(ev, second.handler()); });
  settle();
  EXPECT_FALSE(io.stopped());
  EXPECT_EQ(second.completions, 0);
  signaller.signal();
  run();
  EXPECT_EQ(second.completions, 1);
  ev.reset();
}

TEST_P(AsioLifetime, AWaitThatBeginsWhileTheLastOneIsTakenOffIsNotForgotten) {
  outcome first;
  outcome second;
  chime::event ev = acquire();
  const chime::ticket signaller = ev.get_ticket();
  the_guest->async_wait(std::move(ev), first.handler());
  settle();
  signaller.cancel();
  // The handler that the cancelled wait for the handle leaves behind runs after the second wait has begun.
  while (first.completions == 0) io.run_one();
  chime::event other = acquire();
  const chime::ticket other_signaller = other.get_ticket();
  the_guest->async_wait(std::move(other), second.handler());
  settle();
  EXPECT_FALSE(io.stopped());
  other_signaller.signal();
  run();
  EXPECT_EQ(second.completions, 1);
}

TEST_P(AsioLifetime, StartKeepsTheHostRunningUntilStop) {
  the_guest->start();
  the_guest->start();
  settle();
  EXPECT_FALSE(io.stopped());
  the_guest->stop();
  the_guest->stop();
  run();
  EXPECT_TRUE(io.stopped());
}

TEST_P(AsioLifetime, StopLeavesWaitsThatAreOutstanding) {
  outcome seen;
  chime::event ev = acquire();
  const chime::ticket signaller = ev.get_ticket();
  the_guest->start();
  the_guest->async_wait(std::move(ev), seen.handler());
  the_guest->stop();
  settle();
  EXPECT_FALSE(io.stopped());
  signaller.signal();
  run();
  EXPECT_EQ(seen.completions, 1);
}

TEST_P(AsioLifetime, AStartedGuestDrivesTheLoopsOwnOperations) {
  chime::operation timer;
  bool due = false;
  auto done = [&](chime::completion&&) {
    due = true;
    the_guest->stop();
  };
  the_guest->start();
  settle();
  loop.submit(timer, done, clock::now() + 1ms);
  run();
  EXPECT_TRUE(due);
}

TEST_P(AsioLifetime, AHostThatWasStoppedGoesOn) {
  outcome seen;
  chime::event ev = acquire();
  const chime::ticket signaller = ev.get_ticket();
  the_guest->async_wait(std::move(ev), seen.handler());
  io.stop();
  signaller.signal();
  EXPECT_EQ(io.run(), 0U);
  EXPECT_EQ(seen.completions, 0);
  run();
  EXPECT_EQ(seen.completions, 1);
}

TEST_P(AsioLifetime, WhatAHandlerThrowsLeavesRunAndTheOtherHandlersFollow) {
  int ran = 0;
  const auto wait_for_signalled = [&](auto handler) {
    chime::event ev = acquire();
    ev.get_ticket().signal();
    the_guest->async_wait(std::move(ev), std::move(handler));
  };
  wait_for_signalled([&](error_code) { ++ran; });
  wait_for_signalled([&](error_code) -> void { throw std::runtime_error("mine"); });
  wait_for_signalled([&](error_code) { ++ran; });
  EXPECT_THROW(run(), std::runtime_error);
  EXPECT_EQ(ran, 1);
  run();
  EXPECT_EQ(ran, 2);
}

TEST_P(AsioLifetime, TheLastHandlerMayDestroyTheGuest) {
  bool ran = false;
  chime::event ev = acquire();
  ev.get_ticket().signal();
  the_guest->async_wait(std::move(ev), [&](error_code) {
    the_guest.reset();
    ran = true;
  });
  run();
  EXPECT_TRUE(ran);
}

TEST_P(AsioLifetime, TheLastHandlerMayDestroyTheLoopToo) {
  bool ran = false;
  chime::event ev = acquire();
  ev.get_ticket().signal();
  the_guest->async_wait(std::move(ev), [&](error_code) {
    the_guest.reset();
    EXPECT_EQ(pool.close(), 0U);
    EXPECT_TRUE(loop.close());
    ran = true;
  });
  run();
  EXPECT_TRUE(ran);
  ASSERT_TRUE(loop.open({.backend = GetParam()}));
}

TEST_P(AsioLifetime, AGuestThatWasToldToStopMayBeDestroyedAtOnce) {
  the_guest->start();
  settle();
  the_guest->stop();
  the_guest.reset();
  run();
  EXPECT_TRUE(io.stopped());
}

TEST_P(AsioLifetime, AStartedGuestMayBeDestroyed) {
  the_guest->start();
  settle();
  the_guest.reset();
  run();
  EXPECT_TRUE(io.stopped());
}

TEST_P(AsioLifetime, TheContextMayEndWithTurnsQueued) {
  {
    host::io_context other{1};
    guest short_lived(other.get_executor(), loop);
    short_lived.start();
  }
  {
    host::io_context other{1};
    guest short_lived(other.get_executor(), loop);
    short_lived.start();
    other.poll();
  }
}

TEST_P(AsioLifetime, ALoopThatIsNoGuestIsRefused) {
  chime::proactor own;
  EXPECT_THROW(guest(io.get_executor(), own), std::system_error);
  ASSERT_TRUE(own.open({.backend = GetParam()}));
  try {
    const guest refused(io.get_executor(), own);
    ADD_FAILURE() << "a loop of its own was taken for a guest";
  } catch (const std::system_error& e) {
    EXPECT_EQ(e.code(), std::errc::invalid_argument);
  }
}

TEST_P(AsioLifetime, WhatTheLoopRefusesLeavesRun) {
  if (std::string_view(GetParam()) != "io_uring") GTEST_SKIP() << "only rings stay with their thread";
  outcome seen;
  chime::event ev = acquire();
  const chime::ticket signaller = ev.get_ticket();
  the_guest->async_wait(std::move(ev), seen.handler());
  settle();
  signaller.signal();
  std::thread([this] {
    try {
      run();
      ADD_FAILURE() << "a ring was polled by two threads";
    } catch (const std::system_error& e) {
      EXPECT_EQ(e.code(), chime::errc::wrong_thread);
    }
  }).join();
  EXPECT_EQ(seen.completions, 0);
  run();
  EXPECT_EQ(seen.completions, 1);
}

TEST_P(AsioDeathTest, AGuestDestroyedWithWaitsOutstanding) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto destroy = [this] {
    the_guest->async_wait(acquire(), [](error_code) {});
    the_guest.reset();
  };
  EXPECT_DEATH(destroy(), "chime: a guest of Asio was destroyed with waits outstanding");
}

TEST_P(AsioDeathTest, AnEventOfAnotherLoop) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto mix = [this] {
    chime::proactor other;
    chime::event_pool others;
    if (!other.open({.backend = "epoll"}) || !others.open(other)) return;
    auto ev = others.acquire();
    if (!ev) return;
    ev->get_ticket().signal();
    the_guest->async_wait(std::move(*ev), [](error_code) {});
    (void)other.poll();
  };
  EXPECT_DEATH(mix(), "chime: an event of another loop's pool was waited for by a guest of Asio");
}

}  // namespace
}  // namespace asio_test
