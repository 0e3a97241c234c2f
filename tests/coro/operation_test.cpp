// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A coroutine that waits for a time, a handle, or to be on the loop.
#include <atomic>
#include <thread>

#include "coro_world.hpp"

namespace coro_test {
namespace {

class CoroOperation : public in_coro_world {
 protected:
  conformance::descriptor_pair pipe = conformance::descriptor_pair::pipe();
  [[nodiscard]] auto readable(wait_options options = {}) {
    return chime::async_wait(loop, pipe.first, chime::interest::readable, std::move(options));
  }
};
ON_EVERY_BACKEND(CoroOperation);

TEST_P(CoroOperation, SleepsUntilItsTime) {
  const auto when = clock::now() + 5ms;
  record<> r;
  const foreign f = await_into(r, chime::sleep_until(loop, when));
  ASSERT_TRUE(complete(r));
  EXPECT_EQ(r.outcome(), outcome::success);
  EXPECT_GE(clock::now(), when);
}

TEST_P(CoroOperation, ASleepIsStopped) {
  std::stop_source source;
  const std::stop_token token = source.get_token();
  record<> r;
  const foreign f = await_into(r, chime::sleep_until(loop, chime::never, token));
  let_the_loop_work();
  EXPECT_FALSE(r.came());
  std::jthread([&] { source.request_stop(); }).join();
  ASSERT_TRUE(complete(r));
  EXPECT_EQ(r.outcome(), outcome::cancelled);
  record<> at_once;
  const foreign g = await_into(at_once, chime::sleep_until(loop, chime::never, token));
  ASSERT_TRUE(complete(at_once));
  EXPECT_EQ(at_once.outcome(), outcome::cancelled);
}

TEST_P(CoroOperation, AHandleThatBecomesReady) {
  for (const bool with_all : {false, true}) {
    std::stop_source source;
    const std::stop_token token = source.get_token();
    record<> r;
    const foreign f = await_into(r, with_all ? readable({.deadline = clock::now() + 1h, .stop = token}) : readable());
    let_the_loop_work();
    EXPECT_FALSE(r.came());
    ASSERT_TRUE(conformance::write_byte(pipe.second));
    ASSERT_TRUE(complete(r));
    EXPECT_EQ(r.outcome(), outcome::success);
    EXPECT_EQ(conformance::read_all(pipe.first), 1U);
  }
}

TEST_P(CoroOperation, AHandleThatIsWritable) {
  record<> r;
  const foreign f = await_into(r, chime::async_wait(loop, pipe.second, chime::interest::writable));
  ASSERT_TRUE(complete(r));
  EXPECT_EQ(r.outcome(), outcome::success);
}

TEST_P(CoroOperation, AHandleWithADeadlineTimesOut) {
  const auto deadline = clock::now() + 3ms;
  record<> r;
  const foreign f = await_into(r, readable({.deadline = deadline}));
  ASSERT_TRUE(complete(r));
  EXPECT_EQ(r.outcome(), outcome::timed_out);
  EXPECT_GE(clock::now(), deadline);
}

TEST_P(CoroOperation, AHandleIsStopped) {
  std::stop_source source;
  const std::stop_token token = source.get_token();
  record<> r;
  const foreign f = await_into(r, readable({.deadline = clock::now() + 1h, .stop = token}));
  let_the_loop_work();
  source.request_stop();
  ASSERT_TRUE(complete(r));
  EXPECT_EQ(r.outcome(), outcome::cancelled);
}

TEST_P(CoroOperation, AHandleThatIsNone) {
  record<> r;
  const foreign f =
      await_into(r, chime::async_wait(loop, -1, chime::interest::readable, {.deadline = clock::now() + 1h}));
  ASSERT_TRUE(complete(r));
  EXPECT_EQ(r.result->error(), std::errc::bad_file_descriptor);
}

// Every time exactly one outcome, and nothing is left behind of the other two.
TEST_P(CoroOperation, AHandleAgainstDeadlineAndStop) {
  let_the_loop_see();
  for (int round = 0; round < 100; ++round) {
    std::stop_source source;
    const std::stop_token token = source.get_token();
    record<> r;
    const foreign f =
        await_into(r, readable({.deadline = clock::now() + std::chrono::microseconds(round), .stop = token}));
    std::jthread writer([&] {
      for (int spin = round % 7; spin > 0; --spin) std::this_thread::yield();
      EXPECT_TRUE(conformance::write_byte(pipe.second));
    });
    std::jthread stopper([&] {
      for (int spin = round % 5; spin > 0; --spin) std::this_thread::yield();
      source.request_stop();
    });
    ASSERT_TRUE(complete(r));
    EXPECT_NE(r.outcome(), outcome::failed);
    EXPECT_TRUE(f.ended());
    writer.join();
    stopper.join();
    EXPECT_EQ(conformance::read_all(pipe.first), 1U);
  }
}

TEST_P(CoroOperation, ResumesOnTheLoop) {
  let_the_loop_see();
  record<> r;
  foreign f;
  std::jthread([&] { f = await_into(r, chime::resume_on(loop)); }).join();
  EXPECT_FALSE(r.came());
  ASSERT_TRUE(complete(r));
  EXPECT_EQ(r.outcome(), outcome::success);
  EXPECT_EQ(r.thread, std::this_thread::get_id());
}

TEST_P(CoroOperation, WhoIsOnTheLoopGoesOnAtOnce) {
  int steps = 0;
  const auto body = [&]() -> foreign {
    (void)co_await chime::resume_on(loop);
    const auto before = loop.stats().completions;
    (void)co_await chime::resume_on(loop);
    EXPECT_EQ(loop.stats().completions, before);
    ++steps;
  };
  const foreign f = body();
  EXPECT_EQ(steps, 0) << "outside of a poll nobody is on the loop";
  EXPECT_EQ(loop.poll().value_or(0), 1U) << "one completion for both";
  EXPECT_EQ(steps, 1);
}

TEST_P(CoroOperation, WaitsInFlightKeepTheLoopOpen) {
  record<> r;
  foreign f = await_into(r, chime::sleep_until(loop, chime::never));
  EXPECT_EQ(pool.close(), 0U);
  EXPECT_EQ(loop.close().error(), chime::fault::operations_in_flight);
  f.destroy();
  EXPECT_TRUE(loop.close());
}

}  // namespace
}  // namespace coro_test
