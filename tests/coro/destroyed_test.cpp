// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Frames that are destroyed while they wait: the wait is withdrawn, the events are as if never waited for, and the loop
/// closes. In each state that a wait can be in.
#include <functional>
#include <thread>

#include "coro_world.hpp"

namespace coro_test {
namespace {

class CoroDestroyed : public in_coro_world {
 protected:
  using wait = std::function<foreign(chime::event&, record<>&)>;
  std::stop_source source;
  const std::stop_token token = source.get_token();
  std::vector<wait> kinds() {
    return {
        [](chime::event& ev, record<>& r) { return await_into(r, chime::async_wait(ev)); },
        [](chime::event& ev, record<>& r) {
          return await_into(r, chime::async_wait(ev, {.deadline = clock::now() + 1h}));
        },
        [this](chime::event& ev, record<>& r) {
          return await_into(r, chime::async_wait(ev, {.deadline = clock::now() + 1h, .stop = token}));
        },
    };
  }
  void expect_usable(chime::event& ev, bool signalled) {
    ASSERT_TRUE(ev) << "it stays the holder's";
    EXPECT_EQ(look(ev), signalled ? outcome::success : outcome::timed_out);
    EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
    EXPECT_EQ(look(ev), outcome::success);
  }
};
IN_EVERY_WORLD(CoroDestroyed);

TEST_P(CoroDestroyed, BeforeTheLoopHasSeenTheWait) {
  for (const bool bound : {false, true}) {
    if (bound) let_the_loop_see();
    for (auto& begin : kinds()) {
      chime::event ev = acquire();
      record<> r;
      foreign f = begin(ev, r);
      f.destroy();
      expect_usable(ev, false);
      EXPECT_FALSE(r.came());
    }
  }
}

TEST_P(CoroDestroyed, WhileItWaits) {
  for (auto& begin : kinds()) {
    chime::event ev = acquire();
    record<> r;
    foreign f = begin(ev, r);
    let_the_loop_work();
    f.destroy();
    let_the_loop_see();
    expect_usable(ev, false);
  }
}

TEST_P(CoroDestroyed, AfterTheSignalAndBeforeItsCompletion) {
  for (const bool seen : {false, true}) {
    for (auto& begin : kinds()) {
      chime::event ev = acquire();
      record<> r;
      foreign f = begin(ev, r);
      if (seen) let_the_loop_work();
      EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
      f.destroy();
      EXPECT_FALSE(r.came());
      expect_usable(ev, true);
    }
  }
}

TEST_P(CoroDestroyed, AfterTheStopAndBeforeItsCompletion) {
  chime::event ev = acquire();
  record<> r;
  foreign f = kinds().back()(ev, r);
  let_the_loop_work();
  source.request_stop();
  f.destroy();
  expect_usable(ev, false);
}

TEST_P(CoroDestroyed, ItsTimerGoesToo) {
  chime::event ev = acquire();
  record<> r;
  foreign f = await_into(r, chime::async_wait(ev, {.deadline = clock::now() + 2ms}));
  let_the_loop_work();
  f.destroy();
  bool due = false;
  auto then = [&](chime::completion&&) { due = true; };
  chime::operation& op = make_operation();
  loop.submit(op, then, clock::now() + 5ms);
  EXPECT_TRUE(poll_until([&] { return due; }));
  expect_usable(ev, false);
}

// All waiters are taken by one poll; those that go on destroy the second and the last of them.
TEST_P(CoroDestroyed, ByAnotherCoroutineOfTheSamePoll) {
  if (GetParam().native()) return;  // their order is the kernel's
  auto events = acquire_several(4);
  std::vector<foreign> frames(4);
  std::vector<int> order;
  const auto body = [&](std::size_t i) -> foreign {
    (void)co_await chime::async_wait(events[i]);
    order.push_back(static_cast<int>(i));
    frames[order.size() == 1 ? 1 : 3].destroy();
  };
  for (std::size_t i = 0; i < 4; ++i) frames[i] = body(i);
  let_the_loop_see();
  for (auto& ev : events) (void)ev.get_ticket().signal();
  ASSERT_TRUE(poll_until([&] { return order.size() == 2; }));
  let_the_loop_see();
  EXPECT_EQ(order, (std::vector<int>{0, 2}));
  expect_usable(events[1], true);
  expect_usable(events[3], true);
}

TEST_P(CoroDestroyed, WhileItWaitsForAnyOrAll) {
  for (const bool any : {false, true}) {
    auto events = acquire_several(3);
    record<std::size_t> first;
    record<> every;
    foreign f = any ? await_into(first, chime::async_wait_any(events, {.stop = token}))
                    : await_into(every, chime::async_wait_all(events, {.stop = token}));
    let_the_loop_work();
    EXPECT_EQ(events[1].get_ticket().signal(), signal_result::delivered);
    if (!any) let_the_loop_work();  // one of three has completed
    f.destroy();
    for (std::size_t i = 0; i < 3; ++i) expect_usable(events[i], i == 1);
  }
}

TEST_P(CoroDestroyed, OnItsWayToTheLoop) {
  let_the_loop_see();
  auto events = acquire_several(2);
  record<std::size_t> r;
  foreign f;
  std::jthread([&] { f = await_into(r, chime::async_wait_any(events)); }).join();
  f.destroy();
  for (auto& ev : events) expect_usable(ev, false);
}

TEST_P(CoroDestroyed, ASignalThatArrivesMeanwhileIsKeptOrDelivered) {
  let_the_loop_see();
  for (int round = 0; round < 200; ++round) {
    chime::event ev = acquire();
    record<> r;
    foreign f = kinds()[static_cast<std::size_t>(round % 3)](ev, r);
    if (round % 2 == 0) let_the_loop_work();
    const chime::ticket t = ev.get_ticket();
    std::jthread signaller([&] {
      for (int spin = round % 11; spin > 0; --spin) std::this_thread::yield();
      EXPECT_EQ(t.signal(), signal_result::delivered);
    });
    for (int spin = round % 7; spin > 0; --spin) std::this_thread::yield();
    f.destroy();
    signaller.join();
    EXPECT_EQ(look(ev), outcome::success) << round;
  }
}

// A wake() that the withdrawal finds in the queue still ends the next poll.
TEST_P(CoroDestroyed, AWakeIsNotSwallowed) {
  let_the_loop_see();
  chime::event ev = acquire();
  EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
  record<> r;
  foreign f = await_into(r, chime::async_wait(ev));
  loop.wake();
  f.destroy();
  const auto before = clock::now();
  EXPECT_EQ(loop.poll(conformance::patience).value_or(1), 0U);
  EXPECT_LT(clock::now() - before, conformance::patience / 2);
}

TEST_P(CoroDestroyed, OperationsInEachState) {
  auto pipe = conformance::descriptor_pair::pipe();
  const auto begin = [&](int kind, record<>& r) {
    switch (kind) {
      case 0:
        return await_into(r, chime::sleep_until(loop, chime::never));
      case 1:
        return await_into(r, chime::sleep_until(loop, clock::now() + 1h, token));
      case 2:
        return await_into(r, chime::async_wait(loop, pipe.first, chime::interest::readable));
      case 3:
        return await_into(r, chime::async_wait(loop, pipe.first, chime::interest::readable,
                                               {.deadline = clock::now() + 1h, .stop = token}));
      default:
        return await_into(r, chime::resume_on(loop));
    }
  };
  for (int kind = 0; kind < 5; ++kind) {
    for (const bool seen : {false, true}) {
      if (seen && kind == 4) continue;
      record<> r;
      foreign f = begin(kind, r);
      if (seen) let_the_loop_work();
      f.destroy();
      let_the_loop_see();
      EXPECT_FALSE(r.came());
    }
  }
  // The handle is ready, and the kernel may have said so.
  record<> r;
  foreign f = begin(3, r);
  let_the_loop_work();
  ASSERT_TRUE(conformance::write_byte(pipe.second));
  f.destroy();
  let_the_loop_see();
}

using CoroDestroyedDeathTest = CoroDestroyed;
INSTANTIATE_TEST_SUITE_P(in, CoroDestroyedDeathTest, testing::Values(conformance::world{"epoll"}),
                         conformance::name_of);

TEST_P(CoroDestroyedDeathTest, OnAnotherThreadStopsTheProgram) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  let_the_loop_see();
  chime::event ev = acquire();
  record<> r;
  foreign f = await_into(r, chime::async_wait(ev));
  foreign g = await_into(r, chime::sleep_until(loop, chime::never));
  constexpr auto* message = "chime: a coroutine was destroyed while it waits, on another thread than its loop's";
  EXPECT_DEATH(std::jthread([&] { f.destroy(); }).join(), message);
  EXPECT_DEATH(std::jthread([&] { g.destroy(); }).join(), message);
}

}  // namespace
}  // namespace coro_test
