// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// task, run and spawn: laziness, results of every kind, exceptions, depth, and other people's types.
#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "coro_world.hpp"
#include "unit/heap_watch.hpp"

namespace coro_test {
namespace {

using chime::task;

class CoroTask : public in_coro_world {};
ON_EVERY_BACKEND(CoroTask);

task<int> number(int n) { co_return n; }
task<std::unique_ptr<int>> movable() { co_return std::make_unique<int>(7); }
task<int&> reference(int& to) { co_return to; }
task<const std::string> text() { co_return "text"; }
task<> nothing(int& counted) {
  ++counted;
  co_return;
}
task<int> sum(int until) {
  int total = 0;
  for (int i = 1; i <= until; ++i) total += co_await number(i);
  co_return total;
}

TEST_P(CoroTask, IsLazy) {
  int counted = 0;
  {
    const task<> dropped = nothing(counted);
  }
  EXPECT_EQ(counted, 0);
  task<> kept = nothing(counted);
  chime::run(loop, std::move(kept));
  EXPECT_EQ(counted, 1);
}

TEST_P(CoroTask, GivesEveryKindOfResult) {
  EXPECT_EQ(chime::run(loop, number(5)), 5);
  EXPECT_EQ(*chime::run(loop, movable()), 7);
  EXPECT_EQ(chime::run(loop, text()), "text");
  int object = 0;
  EXPECT_EQ(&chime::run(loop, reference(object)), &object);
  EXPECT_EQ(chime::run(loop, sum(10)), 55);
}

TEST_P(CoroTask, IsMovable) {
  int counted = 0;
  task<> a = nothing(counted);
  task<> b = std::move(a);
  a = nothing(counted);
  a = std::move(b);
  chime::run(loop, std::move(a));
  EXPECT_EQ(counted, 1);
}

task<int> thrower(bool later, chime::proactor& loop) {
  if (later) (void)co_await chime::sleep_until(loop, clock::now());
  throw std::runtime_error("thrown");
  co_return 0;
}
task<int> catcher(chime::proactor& loop) {
  try {
    co_return co_await thrower(true, loop);
  } catch (const std::runtime_error& e) {
    co_return std::string_view(e.what()) == "thrown" ? 1 : 2;
  }
}

TEST_P(CoroTask, CarriesExceptions) {
  EXPECT_EQ(chime::run(loop, catcher(loop)), 1);
  EXPECT_THROW((void)chime::run(loop, thrower(false, loop)), std::runtime_error);
  EXPECT_THROW((void)chime::run(loop, thrower(true, loop)), std::runtime_error);
}

task<int> deep(int depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await deep(depth - 1);
}
task<long> looped(int times) {
  long total = 0;
  for (int i = 0; i < times; ++i) total += co_await number(1);
  co_return total;
}

// On a thread's stack of 8 MiB, which has no room for a million nested resumptions. (Compilers promise symmetric transfer only
// when they optimise.)
TEST_P(CoroTask, AMillionAwaitsDoNotGrowTheStack) {
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  constexpr int many = 1'000'000;
#else
  constexpr int many = 100;
#endif
  long counted = 0;
  int depth = 0;
  std::thread([&] {
    counted = chime::run(loop, looped(many));
    depth = chime::run(loop, deep(many));
  }).join();
  EXPECT_EQ(counted, many);
  EXPECT_EQ(depth, many);
}

TEST_P(CoroTask, RunsWhatIsNoTask) {
  chime::event ev = acquire();
  EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
  EXPECT_TRUE(chime::run(loop, chime::async_wait(ev)));
  EXPECT_TRUE(chime::run(loop, chime::sleep_until(loop, clock::now())));
  struct ready {
    [[nodiscard]] bool await_ready() const { return true; }
    void await_suspend(std::coroutine_handle<>) const {}
    [[nodiscard]] int await_resume() const { return 3; }
  };
  EXPECT_EQ(chime::run(loop, ready{}), 3);
}

// Somebody else's awaitable goes on on a thread of its own, and throws there: run() ends here all the same.
struct elsewhere {
  std::jthread& thread;
  [[nodiscard]] bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> h) const {
    thread = std::jthread([h] { h.resume(); });
  }
  void await_resume() const {}
};
task<std::thread::id> away(std::jthread& thread, bool throws) {
  co_await elsewhere{thread};
  if (throws) throw std::runtime_error("elsewhere");
  co_return std::this_thread::get_id();
}

TEST_P(CoroTask, RunsWhatEndsOnAnotherThread) {
  std::jthread thread;
  EXPECT_NE(chime::run(loop, away(thread, false)), std::this_thread::get_id());
  thread = {};
  EXPECT_THROW((void)chime::run(loop, away(thread, true)), std::runtime_error);
}

TEST_P(CoroTask, RunPollsTheRestOfTheLoopToo) {
  chime::event ev = acquire();
  record<> other;
  const foreign f = await_into(other, chime::async_wait(ev));
  const auto body = [&]() -> task<> {
    (void)ev.get_ticket().signal();
    while (!other.came()) (void)co_await chime::sleep_until(loop, clock::now());
  };
  chime::run(loop, body());
  EXPECT_EQ(other.outcome(), outcome::success);
}

TEST_P(CoroTask, SpawnBeginsOnTheLoopAndOwnsItself) {
  let_the_loop_see();
  std::thread::id began;
  auto alive = std::make_shared<int>();
  const auto body = [](auto& where, auto& l, auto kept) -> task<> {
    where = std::this_thread::get_id();
    (void)co_await chime::sleep_until(l, clock::now() + 1ms);
    (void)kept;
  };
  std::jthread([&] { chime::spawn(loop, body(began, loop, alive)); }).join();
  EXPECT_EQ(began, std::thread::id{});
  EXPECT_EQ(alive.use_count(), 2);
  ASSERT_TRUE(poll_until([&] { return alive.use_count() == 1; })) << "its frame is gone when it has ended";
  EXPECT_EQ(began, std::this_thread::get_id());
}

TEST_P(CoroTask, SpawnTakesAnyAwaitableAndDropsItsResult) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  chime::spawn(loop, chime::async_wait(ev));
  chime::spawn(loop, number(3));
  let_the_loop_work();
  EXPECT_EQ(loop.close().error(), chime::fault::pools_open);
  EXPECT_EQ(t.signal(), signal_result::delivered);
  let_the_loop_work();
}

TEST_P(CoroTask, OneFrameForEachCoroutine) {
  chime::run(loop, number(0));
  const chime_test::heap_watch heap;
  chime::run(loop, sum(100));
  EXPECT_LE(heap.allocations(), 102U) << "sum, a hundred numbers, and run's own";
}

using CoroTaskDeathTest = CoroTask;
INSTANTIATE_TEST_SUITE_P(on, CoroTaskDeathTest, testing::Values(conformance::world{"epoll"}), conformance::name_of);

TEST_P(CoroTaskDeathTest, RunSaysWhyItCannotPoll) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto outer = [&]() -> task<> {
    (void)co_await chime::resume_on(loop);
    (void)chime::run(loop, chime::sleep_until(loop, clock::now()));
  };
  EXPECT_DEATH(chime::run(loop, outer()), "chime: run\\(\\) cannot poll the loop: the proactor is polling");
  let_the_loop_see();
  EXPECT_DEATH(std::jthread([&] { (void)chime::run(loop, sum(1)); }).join(),
               "chime: run\\(\\) cannot poll the loop: another thread polls this proactor");
}

TEST_P(CoroTaskDeathTest, WhatIsSpawnedMustNotThrow) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        chime::spawn(loop, thrower(false, loop));
        (void)loop.poll();
      },
      "thrown|terminate");
}

TEST_P(CoroTaskDeathTest, ATaskIsAwaitedOnce) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto moved_away = number(1);
  const auto elsewhere = std::move(moved_away);
  EXPECT_DEATH((void)chime::run(loop, std::move(moved_away)), "chime: a task was awaited that has been moved away");
  const auto twice = [](chime::task<int> t) -> chime::task<> {
    (void)co_await std::move(t);
    (void)co_await std::move(t);
  };
  EXPECT_DEATH(chime::run(loop, twice(number(1))), "chime: a task was awaited that has been moved away, or has ended");
}

TEST_P(CoroTaskDeathTest, MisuseOfAWait) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  chime::event empty;
  record<> r;
  EXPECT_DEATH((void)await_into(r, chime::async_wait(empty)), "chime: a coroutine waits for an empty event");
  chime::event_pool loopless;
  ASSERT_TRUE(loopless.open());
  chime::event ev = loopless.acquire().value();
  EXPECT_DEATH((void)await_into(r, chime::async_wait(ev)), "chime: a coroutine waits for an event of a pool without");
  ev.reset();
  EXPECT_EQ(loopless.close(), 0U);

  chime::proactor other;
  ASSERT_TRUE(other.open());
  chime::event_pool others;
  ASSERT_TRUE(others.open(other));
  {
    std::array<chime::event, 2> two{acquire(), others.acquire().value()};
    record<std::size_t> any;
    EXPECT_DEATH((void)await_into(any, chime::async_wait_any(two)), "chime: a coroutine waits for events of different");
  }
  EXPECT_EQ(others.close(), 0U);
  EXPECT_TRUE(other.close());

  chime::event waits = acquire();
  {
    foreign f = await_into(r, chime::async_wait(waits));
    record<> second;
    EXPECT_DEATH((void)await_into(second, chime::async_wait(waits)), "chime: an event was submitted while its wait");
    EXPECT_DEATH(waits.reset(), "chime: ");
    EXPECT_DEATH(std::move(waits).submit(make_waiter()), "chime: an event was submitted while its wait");
  }
  chime::proactor closed;
  EXPECT_DEATH((void)await_into(r, chime::resume_on(closed)), "chime: a proactor that is not open was used");
}

}  // namespace
}  // namespace coro_test
