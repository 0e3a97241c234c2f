// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Deadlines, and what it takes to wake the host.
#include <random>

#include "fixture.hpp"

namespace asio_test {
namespace {

using AsioWakeups = in_asio;
AS_A_GUEST(AsioWakeups);

/// The host on a thread of its own, kept there by start().
class running_host {
 public:
  running_host(host::io_context& io, guest& g) : guest_(&g) {
    g.start();
    io.restart();
    thread_ = std::thread([&io] { io.run(); });
  }
  running_host(const running_host&) = delete;
  running_host& operator=(const running_host&) = delete;
  ~running_host() { end(); }
  void end() {
    if (!thread_.joinable()) return;
    guest_->stop();
    thread_.join();
  }

 private:
  guest* guest_;
  std::thread thread_;
};

TEST_P(AsioWakeups, ADeadlineEndsAWaitWhenItHasPassedAndNotBefore) {
  outcome seen;
  const chime::time_point deadline = clock::now() + 20ms;
  chime::time_point when;
  the_guest->async_wait(acquire(), deadline, [&](error_code e) {
    when = clock::now();
    seen.handler()(e);
  });
  run();
  EXPECT_EQ(seen.error, error_code(host::error::timed_out));
  EXPECT_GE(when, deadline);
}

TEST_P(AsioWakeups, AnEarlierDeadlineThatComesLaterIsKept) {
  outcome late;
  outcome soon;
  chime::event ev = acquire();
  const chime::ticket canceller = ev.get_ticket();
  the_guest->async_wait(std::move(ev), clock::now() + 1h, late.handler());
  settle();
  the_guest->async_wait(acquire(), clock::now() + 5ms, [&](error_code e) {
    soon.handler()(e);
    canceller.cancel();
  });
  run();
  EXPECT_EQ(soon.error, error_code(host::error::timed_out));
  EXPECT_EQ(late.error, error_code(host::error::operation_aborted));
}

TEST_P(AsioWakeups, ADeadlineFromAnotherThreadReachesAHostThatSleeps) {
  std::atomic<bool> over{false};
  running_host running(io, *the_guest);
  const std::uint64_t before = loop.stats().sleeps;
  ASSERT_TRUE(eventually([&] { return loop.stats().sleeps != 0; })) << before;
  the_guest->async_wait(acquire(), clock::now() + 2ms, [&](error_code e) {
    EXPECT_EQ(e, error_code(host::error::timed_out));
    over = true;
  });
  EXPECT_TRUE(eventually([&] { return over.load(); }));
}

TEST_P(AsioWakeups, SignalAndDeadlineRaceForOneCompletion) {
  constexpr int waits = 3'000;
  std::atomic<int> completed{0};
  std::atomic<int> signalled{0};
  std::atomic<int> timed_out{0};
  std::minstd_rand random(1);
  running_host running(io, *the_guest);
  for (int i = 0; i < waits; ++i) {
    chime::event ev = acquire();
    const chime::ticket signaller = ev.get_ticket();
    const chime::time_point deadline = clock::now() + std::chrono::microseconds(random() % 60);
    the_guest->async_wait(std::move(ev), deadline, [&](error_code e) {
      ++completed;
      if (!e) ++signalled;
      if (e == error_code(host::error::timed_out)) ++timed_out;
    });
    for (const chime::time_point then = clock::now() + std::chrono::microseconds(random() % 60); clock::now() < then;) {
    }
    signaller.signal();
    if (i % 64 == 0) {
      ASSERT_TRUE(eventually([&] { return completed == i + 1; }));
    }
  }
  EXPECT_TRUE(eventually([&] { return completed == waits; }));
  running.end();
  EXPECT_EQ(completed, waits);
  EXPECT_EQ(signalled + timed_out, waits);
  std::printf("%d signalled, %d timed out\n", signalled.load(), timed_out.load());
}

TEST_P(AsioWakeups, SignalsThatComeWhileTheHostIsBusyWakeItOnce) {
  reopen({.spin = {}});
  constexpr int waits = 200;
  int completed = 0;
  std::vector<chime::ticket> signallers;
  for (int i = 0; i < waits; ++i) {
    chime::event ev = acquire();
    signallers.push_back(ev.get_ticket());
    the_guest->async_wait(std::move(ev), clock::now() + 1h, [&](error_code) { ++completed; });
  }
  settle();
  const chime::proactor_stats before = loop.stats();
  host::post(io, [&] {
    std::jthread([&] {
      for (const chime::ticket& t : signallers) t.signal();
    }).join();
  });
  run();
  const chime::proactor_stats after = loop.stats();
  EXPECT_EQ(completed, waits);
  EXPECT_EQ(after.wakeups - before.wakeups, 1U);
}

TEST_P(AsioWakeups, AHostWithNothingToDoSleeps) {
  outcome seen;
  chime::event ev = acquire();
  const chime::ticket signaller = ev.get_ticket();
  the_guest->async_wait(std::move(ev), clock::now() + 1h, seen.handler());
  settle();
  // Nothing is queued, and nothing becomes ready by itself.
  EXPECT_EQ(io.run_one_for(20ms), 0U);
  signaller.signal();
  run();
  EXPECT_EQ(seen.completions, 1);
}

TEST_P(AsioWakeups, HandlersOfTheHostRunBetweenTheTurnsOfABusyGuest) {
  // Two waits that signal each other for ever, until a handler of the host's own ends it.
  bool over = false;
  int rounds = 0;
  std::function<void()> again = [&] {
    if (over) return;
    ++rounds;
    chime::event ev = acquire();
    ev.get_ticket().signal();
    the_guest->async_wait(std::move(ev), [&](error_code) { again(); });
  };
  again();
  host::steady_timer timer(io, 2ms);
  timer.async_wait([&](error_code) { over = true; });
  run();
  EXPECT_TRUE(over);
  EXPECT_GT(rounds, 1);
}

TEST_P(AsioWakeups, TenThousandWaitsAtOnce) {
  constexpr std::size_t waits = 10'000;
  std::vector<chime::ticket> signallers;
  std::vector<int> completions(waits);
  for (std::size_t i = 0; i < waits; ++i) {
    chime::event ev = acquire();
    signallers.push_back(ev.get_ticket());
    the_guest->async_wait(std::move(ev), clock::now() + 1h, [&completions, i](error_code e) {
      if (!e) ++completions[i];
    });
  }
  std::ranges::shuffle(signallers, std::minstd_rand(2));
  {
    const auto half = static_cast<std::ptrdiff_t>(waits / 2);
    std::jthread one(
        [&] { std::for_each(signallers.begin(), signallers.begin() + half, [](auto& t) { t.signal(); }); });
    std::jthread two([&] { std::for_each(signallers.begin() + half, signallers.end(), [](auto& t) { t.signal(); }); });
    run();
  }
  EXPECT_EQ(std::ranges::count(completions, 1), static_cast<std::ptrdiff_t>(waits));
}

}  // namespace
}  // namespace asio_test
