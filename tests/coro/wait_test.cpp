// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A coroutine that waits for one event: signal, deadline and stop, from every side, each with its one outcome.
#include <atomic>
#include <thread>

#include "coro_world.hpp"
#include "unit/heap_watch.hpp"

namespace coro_test {
namespace {

class CoroWait : public in_coro_world {};
IN_EVERY_WORLD(CoroWait);

TEST_P(CoroWait, ASignalEndsItOnThePollingThread) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  record<> r;
  const foreign f = await_into(r, chime::async_wait(ev));
  let_the_loop_see();
  EXPECT_FALSE(r.came());
  std::jthread([&] { EXPECT_EQ(t.signal(), signal_result::delivered); }).join();
  ASSERT_TRUE(complete(r));
  EXPECT_EQ(r.outcome(), outcome::success);
  EXPECT_EQ(r.thread, std::this_thread::get_id());
  EXPECT_TRUE(f.ended());
}

TEST_P(CoroWait, ASignalThatCameBeforeEndsItInTheNextPoll) {
  chime::event ev = acquire();
  EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
  record<> r;
  const foreign f = await_into(r, chime::async_wait(ev));
  EXPECT_FALSE(r.came()) << "outside of a poll nothing goes on";
  ASSERT_TRUE(complete(r));
  EXPECT_EQ(r.outcome(), outcome::success);
  EXPECT_EQ(look(ev), outcome::timed_out) << "the signal is consumed";
}

TEST_P(CoroWait, TheEventStaysTheHolders) {
  chime::event ev = acquire();
  const chime::ticket before = ev.get_ticket();
  for (int i = 0; i < 3; ++i) {
    record<> r;
    const foreign f = await_into(r, chime::async_wait(ev));
    ASSERT_TRUE(ev);
    EXPECT_EQ(ev.get_ticket(), before) << "a ticket can be had while it waits";
    EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
    ASSERT_TRUE(complete(r));
    EXPECT_EQ(ev.get_ticket(), before);
  }
}

TEST_P(CoroWait, TimesOutNotBeforeTheDeadlineAndKeepsALaterSignal) {
  chime::event ev = acquire();
  const auto deadline = clock::now() + 5ms;
  record<> r;
  const foreign f = await_into(r, chime::async_wait(ev, {.deadline = deadline}));
  ASSERT_TRUE(complete(r));
  EXPECT_EQ(r.outcome(), outcome::timed_out);
  EXPECT_GE(clock::now(), deadline);
  EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
  EXPECT_EQ(look(ev), outcome::success);
}

TEST_P(CoroWait, AStopCancels) {
  chime::event ev = acquire();
  std::stop_source source;
  const std::stop_token token = source.get_token();
  record<> r;
  const foreign f = await_into(r, chime::async_wait(ev, {.stop = token}));
  let_the_loop_work();
  EXPECT_FALSE(r.came());
  std::jthread([&] { source.request_stop(); }).join();
  ASSERT_TRUE(complete(r));
  EXPECT_EQ(r.outcome(), outcome::cancelled);
  EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
  EXPECT_EQ(look(ev), outcome::success) << "the event can be waited for again";
}

TEST_P(CoroWait, AStopThatWasRequestedBeforeCancelsUnlessASignalWasThere) {
  chime::event ev = acquire();
  std::stop_source source;
  const std::stop_token token = source.get_token();
  source.request_stop();
  record<> r;
  foreign f = await_into(r, chime::async_wait(ev, {.stop = token}));
  ASSERT_TRUE(complete(r));
  EXPECT_EQ(r.outcome(), outcome::cancelled);
  EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
  record<> again;
  f = await_into(again, chime::async_wait(ev, {.stop = token}));
  ASSERT_TRUE(complete(again));
  EXPECT_EQ(again.outcome(), outcome::success);
}

TEST_P(CoroWait, AStopAfterTheWaitDoesNotCancelTheNextOne) {
  chime::event ev = acquire();
  std::stop_source source;
  const std::stop_token token = source.get_token();
  record<> r;
  foreign f = await_into(r, chime::async_wait(ev, {.stop = token}));
  EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
  ASSERT_TRUE(complete(r));
  record<> next;
  f = await_into(next, chime::async_wait(ev));
  source.request_stop();
  let_the_loop_work();
  EXPECT_FALSE(next.came());
  EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
  ASSERT_TRUE(complete(next));
  EXPECT_EQ(next.outcome(), outcome::success);
}

// The first wait's awaiter still exists while the second waits.
TEST_P(CoroWait, NorThatOfTheSameExpression) {
  chime::event ev = acquire();
  std::stop_source source;
  const std::stop_token token = source.get_token();
  std::vector<outcome> got;
  const auto both = [&](const chime::result<void>& first, const chime::result<void>& second) {
    for (const auto& r : {first, second}) got.push_back(r ? outcome::success : outcome_of(r.error()));
  };
  const auto body = [&]() -> foreign {
    both(co_await chime::async_wait(ev, {.stop = token}), co_await chime::async_wait(ev));
  };
  const foreign f = body();
  let_the_loop_work();
  EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
  let_the_loop_work();
  source.request_stop();
  let_the_loop_work();
  EXPECT_FALSE(f.ended());
  EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
  ASSERT_TRUE(poll_until([&] { return f.ended(); }));
  EXPECT_EQ(got, (std::vector{outcome::success, outcome::success}));
}

TEST_P(CoroWait, ATicketsCancelIsAValueToo) {
  chime::event ev = acquire();
  record<> r;
  const foreign f = await_into(r, chime::async_wait(ev));
  EXPECT_TRUE(ev.get_ticket().cancel());
  ASSERT_TRUE(complete(r));
  EXPECT_EQ(r.outcome(), outcome::cancelled);
}

TEST_P(CoroWait, BeginsOnAnyThread) {
  chime::event ev = acquire();
  std::stop_source source;
  const std::stop_token token = source.get_token();
  const std::stop_token none;
  let_the_loop_see();  // it is this thread's from now on
  for (const bool may_stop : {false, true}) {
    record<> r;
    foreign f;
    std::jthread([&] { f = await_into(r, chime::async_wait(ev, {.stop = may_stop ? token : none})); }).join();
    EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
    ASSERT_TRUE(complete(r));
    EXPECT_EQ(r.outcome(), outcome::success);
    EXPECT_EQ(r.thread, std::this_thread::get_id());
  }
}

foreign wait_often(chime::event& ev, std::stop_token stop, std::atomic<int>& rounds, int until,
                   std::array<int, 3>& saw) {
  while (rounds.load(std::memory_order_relaxed) < until) {
    const auto got = co_await chime::async_wait(
        ev, {.deadline = clock::now() + std::chrono::microseconds(rounds % 40), .stop = stop});
    ++saw[got ? 0U : got.error() == chime::errc::timed_out ? 1U : 2U];
    EXPECT_TRUE(got || got.error() == chime::errc::timed_out || got.error() == chime::errc::cancelled);
    rounds.fetch_add(1, std::memory_order_release);
  }
}

// The coroutine is on the loop's thread, the signaller on another; a signal that was delivered is found by exactly one wait.
TEST_P(CoroWait, SignalsAgainstDeadlinesAndStops) {
  constexpr int rounds = 400;
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  std::stop_source source;
  const std::stop_token token = source.get_token();
  std::atomic<int> done = 0;
  std::array<int, 3> saw = {};
  int delivered = 0;
  const foreign f = wait_often(ev, token, done, rounds, saw);
  std::jthread signaller([&] {
    for (int seen = 0; seen < rounds; seen = done.load(std::memory_order_acquire)) {
      delivered += t.signal() == signal_result::delivered ? 1 : 0;
      if (seen == rounds * 3 / 4) source.request_stop();
      for (int spin = seen % 50; spin > 0; --spin) std::this_thread::yield();
    }
  });
  ASSERT_TRUE(poll_until([&] { return f.ended(); }));
  signaller.join();
  EXPECT_EQ(saw[0] + saw[1] + saw[2], rounds);
  const int kept = look(ev) == outcome::success ? 1 : 0;
  EXPECT_EQ(delivered, saw[0] + kept);
}

TEST_P(CoroWait, AllocatesNothing) {
  auto events = acquire_several(3);
  std::stop_source source;
  const std::stop_token token = source.get_token();
  record<> one;
  record<std::size_t> any;
  record<> all;
  record<> time;
  record<> handle;
  record<> there;
  foreign f[5];
  auto pipe = conformance::descriptor_pair::pipe();
  ASSERT_TRUE(conformance::write_byte(pipe.second));
  const auto later = clock::now() + 1h;
  const auto body = [&]() -> foreign {
    const wait_options options{.deadline = later, .stop = token};
    one.result = co_await chime::async_wait(events[0], options);
    any.result = co_await chime::async_wait_any(events, options);
    all.result = co_await chime::async_wait_all(events, options);
    time.result = co_await chime::sleep_until(loop, clock::now(), token);
    handle.result = co_await chime::async_wait(loop, pipe.first, chime::interest::readable, options);
    there.result = co_await chime::resume_on(loop);
  };
  let_the_loop_see();
  // The kernel's half of a native wait may be prepared at the first one.
  for (int round = 0; round < 2; ++round) {
    const chime_test::heap_watch heap;
    f[0] = body();
    EXPECT_EQ(heap.allocations(), 1U) << "the frame, and nothing else";
    for (int step = 0; step < 3; ++step) {
      for (auto& ev : events) (void)ev.get_ticket().signal();
      for (int i = 0; i < 6; ++i) EXPECT_TRUE(loop.poll());
    }
    EXPECT_TRUE(poll_until([&] { return f[0].ended(); }));
    EXPECT_EQ(heap.allocations(), 1U);
  }
  EXPECT_EQ(one.outcome(), outcome::success);
  EXPECT_EQ(any.outcome(), outcome::success);
  EXPECT_EQ(all.outcome(), outcome::success);
  EXPECT_EQ(time.outcome(), outcome::success);
  EXPECT_EQ(handle.outcome(), outcome::success);
  EXPECT_EQ(there.outcome(), outcome::success);
}

}  // namespace
}  // namespace coro_test
