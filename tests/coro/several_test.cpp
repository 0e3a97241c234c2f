// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A coroutine that waits for any of several events, or for all of them.
#include <atomic>
#include <thread>

#include "coro_world.hpp"

namespace coro_test {
namespace {

class CoroSeveral : public in_coro_world {
 protected:
  std::vector<chime::event> events;
  void SetUp() override {
    in_coro_world::SetUp();
    if (!IsSkipped() && !HasFatalFailure()) events = acquire_several(3);
  }
  void TearDown() override {
    events.clear();
    in_coro_world::TearDown();
  }
  void signal(std::size_t i) { EXPECT_EQ(events[i].get_ticket().signal(), signal_result::delivered); }
};
IN_EVERY_WORLD(CoroSeveral);

TEST_P(CoroSeveral, AnyGivesTheIndexOfTheFirst) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    record<std::size_t> r;
    const foreign f = await_into(r, chime::async_wait_any(events));
    let_the_loop_work();
    EXPECT_FALSE(r.came());
    signal(i);
    ASSERT_TRUE(complete(r));
    ASSERT_EQ(r.outcome(), outcome::success);
    EXPECT_EQ(**r.result, i);
    EXPECT_EQ(look(events[i]), outcome::timed_out) << "its signal is consumed";
  }
}

// All three come in one poll, so that the losers have succeeded before they can be cancelled.
TEST_P(CoroSeveral, AnyKeepsTheSignalsOfTheOthers) {
  record<std::size_t> r;
  const foreign f = await_into(r, chime::async_wait_any(events));
  let_the_loop_work();
  for (std::size_t i = 0; i < events.size(); ++i) signal(i);
  ASSERT_TRUE(complete(r));
  ASSERT_EQ(r.outcome(), outcome::success);
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(look(events[i]), i == **r.result ? outcome::timed_out : outcome::success) << i;
  }
}

TEST_P(CoroSeveral, AnyFindsASignalThatCameBefore) {
  signal(2);
  record<std::size_t> r;
  const foreign f = await_into(r, chime::async_wait_any(events));
  ASSERT_TRUE(complete(r));
  ASSERT_EQ(r.outcome(), outcome::success);
  EXPECT_EQ(**r.result, 2U);
}

TEST_P(CoroSeveral, AnyTimesOutAndLeavesAllReady) {
  record<std::size_t> r;
  const foreign f = await_into(r, chime::async_wait_any(events, {.deadline = clock::now() + 2ms}));
  ASSERT_TRUE(complete(r));
  EXPECT_EQ(r.outcome(), outcome::timed_out);
  for (std::size_t i = 0; i < events.size(); ++i) {
    signal(i);
    EXPECT_EQ(look(events[i]), outcome::success);
  }
}

TEST_P(CoroSeveral, AnyIsStoppedOrEndedByOneCancel) {
  std::stop_source source;
  const std::stop_token token = source.get_token();
  record<std::size_t> r;
  foreign f = await_into(r, chime::async_wait_any(events, {.stop = token}));
  let_the_loop_work();
  source.request_stop();
  ASSERT_TRUE(complete(r));
  EXPECT_EQ(r.outcome(), outcome::cancelled);
  record<std::size_t> again;
  f = await_into(again, chime::async_wait_any(events));
  let_the_loop_work();
  EXPECT_TRUE(events[1].get_ticket().cancel());
  ASSERT_TRUE(complete(again));
  EXPECT_EQ(again.outcome(), outcome::cancelled);
}

TEST_P(CoroSeveral, AnySignalBeatsAStopThatWasFirst) {
  std::stop_source source;
  const std::stop_token token = source.get_token();
  record<std::size_t> r;
  const foreign f = await_into(r, chime::async_wait_any(events, {.stop = token}));
  let_the_loop_work();
  EXPECT_TRUE(events[0].get_ticket().cancel());
  signal(1);
  source.request_stop();
  ASSERT_TRUE(complete(r));
  ASSERT_EQ(r.outcome(), outcome::success);
  EXPECT_EQ(**r.result, 1U);
}

TEST_P(CoroSeveral, AllWaitsForTheLast) {
  record<> r;
  const foreign f = await_into(r, chime::async_wait_all(events));
  for (const std::size_t i : {1U, 0U}) {
    signal(i);
    let_the_loop_work();
    EXPECT_FALSE(r.came());
  }
  signal(2);
  ASSERT_TRUE(complete(r));
  EXPECT_EQ(r.outcome(), outcome::success);
  for (auto& ev : events) EXPECT_EQ(look(ev), outcome::timed_out) << "all are consumed";
}

TEST_P(CoroSeveral, AllThatTimesOutKeepsWhatWasSignalled) {
  record<> r;
  const foreign f = await_into(r, chime::async_wait_all(events, {.deadline = clock::now() + 2ms}));
  signal(0);
  signal(2);
  ASSERT_TRUE(complete(r));
  EXPECT_EQ(r.outcome(), outcome::timed_out);
  EXPECT_EQ(look(events[0]), outcome::success);
  EXPECT_EQ(look(events[1]), outcome::timed_out);
  EXPECT_EQ(look(events[2]), outcome::success);
}

TEST_P(CoroSeveral, AllThatIsStoppedKeepsWhatWasSignalled) {
  std::stop_source source;
  const std::stop_token token = source.get_token();
  record<> r;
  const foreign f = await_into(r, chime::async_wait_all(events, {.stop = token}));
  signal(1);
  let_the_loop_work();
  source.request_stop();
  ASSERT_TRUE(complete(r));
  EXPECT_EQ(r.outcome(), outcome::cancelled);
  EXPECT_EQ(look(events[0]), outcome::timed_out);
  EXPECT_EQ(look(events[1]), outcome::success);
}

TEST_P(CoroSeveral, OfNoEvents) {
  record<std::size_t> any;
  const foreign f = await_into(any, chime::async_wait_any({}));
  ASSERT_TRUE(any.came()) << "at once";
  EXPECT_EQ(any.result->error(), chime::fault::nothing_to_wait_for);
  EXPECT_EQ(any.result->error(), chime::errc::invalid_argument);
  record<> all;
  const foreign g = await_into(all, chime::async_wait_all({}));
  ASSERT_TRUE(all.came());
  EXPECT_EQ(all.outcome(), outcome::success);
}

TEST_P(CoroSeveral, BeginsOnAnyThread) {
  let_the_loop_see();
  record<std::size_t> r;
  foreign f;
  std::jthread([&] { f = await_into(r, chime::async_wait_any(events)); }).join();
  signal(1);
  ASSERT_TRUE(complete(r));
  ASSERT_EQ(r.outcome(), outcome::success);
  EXPECT_EQ(**r.result, 1U);
  EXPECT_EQ(r.thread, std::this_thread::get_id());
}

foreign first_often(std::vector<chime::event>& events, std::stop_token stop, std::atomic<int>& rounds, int until,
                    std::array<int, 4>& saw) {
  while (rounds.load(std::memory_order_relaxed) < until) {
    const auto got = co_await chime::async_wait_any(
        events, {.deadline = clock::now() + std::chrono::microseconds(rounds % 40), .stop = stop});
    ++saw[got ? *got : 3];
    rounds.fetch_add(1, std::memory_order_release);
  }
}

TEST_P(CoroSeveral, AnyAgainstSignallersMakesNoSignalUp) {
  constexpr int rounds = 300;
  std::stop_source source;
  const std::stop_token token = source.get_token();
  std::atomic<int> done = 0;
  std::array<int, 4> saw = {};
  std::array<int, 3> delivered = {};
  const foreign f = first_often(events, token, done, rounds, saw);
  const auto signaller = [&](std::size_t i, chime::ticket t) {
    for (int seen = 0; seen < rounds; seen = done.load(std::memory_order_acquire)) {
      delivered[i] += t.signal() == signal_result::delivered ? 1 : 0;
      if (i == 0 && seen >= rounds * 3 / 4) source.request_stop();
      for (int spin = seen % 40; spin > 0; --spin) std::this_thread::yield();
    }
  };
  std::jthread first(signaller, 0U, events[0].get_ticket());
  std::jthread second(signaller, 1U, events[1].get_ticket());
  ASSERT_TRUE(poll_until([&] { return f.ended(); }));
  first.join();
  second.join();
  EXPECT_EQ(saw[0] + saw[1] + saw[3], rounds);
  // A signal that is given back may meet one that came meanwhile; then both are one. So none is made up, and the last of each
  // kind is found.
  for (const std::size_t i : {0U, 1U}) {
    EXPECT_LE(saw[i] + (look(events[i]) == outcome::success ? 1 : 0), delivered[i]) << i;
  }
}

}  // namespace
}  // namespace coro_test
