// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Blocking waits: signalled before, during and after, deadlines, and threads that hand work to and fro.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <optional>
#include <thread>

#include "event/blocking.hpp"
#include "pool_fixture.hpp"
#include "together.hpp"

namespace {

using namespace std::chrono_literals;
using chime::errc;
using chime::signal_result;
using chime_test::acquire_from;
using chime_test::cell_of;
using chime_test::error_of;
using chime_test::eventually;
using chime_test::expect_account;
using chime_test::patience;
using chime_test::phase;
using chime_test::phase_of;
using chime_test::together;

class BlockingWait : public testing::Test {
 protected:
  BlockingWait() {
    EXPECT_TRUE(pool.open());
    ev = acquire_from(pool);
  }
  [[nodiscard]] bool becomes_blocked() {
    return eventually([&] { return phase_of(ev) == phase::blocked; });
  }
  /// Not `never`, so that a lost wake-up fails the test instead of hanging it.
  [[nodiscard]] std::error_code wait_patiently() { return error_of(ev.wait_until(chime::clock::now() + patience)); }

  chime::event_pool pool;
  chime::event ev;
};

TEST_F(BlockingWait, D6_ASignalBeforeTheWaitCompletesItAtOnce) {
  EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
  EXPECT_TRUE(ev.wait());
  EXPECT_EQ(phase_of(ev), phase::idle) << "the signal is consumed";
}

TEST_F(BlockingWait, D6_ASignalDuringTheWaitEndsIt) {
  for (unsigned i = 0; i < 200; ++i) {
    const chime::ticket t = ev.get_ticket();
    std::error_code error = make_error_code(chime::fault::polling);
    unsigned payload = 0;  // plain: ordered by the event alone
    unsigned seen = 0;
    {
      std::jthread waiter([&] {
        error = wait_patiently();
        seen = payload;
      });
      EXPECT_TRUE(becomes_blocked());
      payload = 42;
      EXPECT_EQ(t.signal(), signal_result::delivered);
    }
    ASSERT_FALSE(error) << error.message();
    EXPECT_EQ(seen, 42U);
  }
}

TEST_F(BlockingWait, D6_ASignalAfterTheDeadlineIsKeptForTheNextWait) {
  EXPECT_EQ(error_of(ev.wait_until(chime::clock::now() + 1ms)), errc::timed_out);
  EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
  EXPECT_TRUE(ev.wait());
}

TEST_F(BlockingWait, D6_TimesOutNoEarlierThanItsDeadline) {
  for (const auto timeout : {1ns, 100'000ns, 20'000'000ns}) {
    const auto deadline = chime::clock::now() + timeout;
    EXPECT_EQ(error_of(ev.wait_until(deadline)), errc::timed_out);
    EXPECT_GE(chime::clock::now(), deadline);
    EXPECT_EQ(phase_of(ev), phase::idle);
  }
}

TEST_F(BlockingWait, D6_ADeadlineThatHasPassedStillConsumesASignal) {
  for (const auto past : {chime::time_point::min(), chime::time_point{}, chime::clock::now() - 1s}) {
    EXPECT_EQ(error_of(ev.wait_until(past)), errc::timed_out);
    EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
    EXPECT_TRUE(ev.wait_until(past));
  }
}

TEST_F(BlockingWait, ADeadlineAtTheEndOfTimeIsNoErrorOfItsOwn) {
  for (const auto far : {chime::never, chime::never - 1ns, chime::never - 1s}) {
    bool ok = false;
    {
      std::jthread waiter([&] { ok = ev.wait_until(far).has_value(); });
      EXPECT_TRUE(becomes_blocked());
      EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
    }
    EXPECT_TRUE(ok);
  }
}

TEST_F(BlockingWait, CancelDoesNotEndABlockingWait) {
  const chime::ticket t = ev.get_ticket();
  std::atomic<bool> signalled = false;
  bool returned_early = false;
  {
    std::jthread waiter([&] {
      (void)wait_patiently();
      returned_early = !signalled;
    });
    EXPECT_TRUE(becomes_blocked());
    EXPECT_FALSE(t.cancel());
    pool.cancel_all();
    EXPECT_EQ(phase_of(ev), phase::blocked);
    signalled = true;
    EXPECT_EQ(t.signal(), signal_result::delivered);
  }
  EXPECT_FALSE(returned_early);
}

// A late signaller of an earlier wait may wake the futex of this one.
TEST_F(BlockingWait, AWakeUpWithoutASignalDoesNotEndTheWait) {
  const chime::ticket t = ev.get_ticket();
  std::atomic<bool> signalled = false;
  bool returned_early = false;
  {
    std::jthread waiter([&] {
      (void)wait_patiently();
      returned_early = !signalled;
    });
    EXPECT_TRUE(becomes_blocked());
    for (unsigned i = 0; i < 1000; ++i) {
      chime::detail::unblock(cell_of(ev));
      std::this_thread::yield();
    }
    signalled = true;
    EXPECT_EQ(t.signal(), signal_result::delivered);
  }
  EXPECT_FALSE(returned_early);
}

TEST_F(BlockingWait, D6_OfSignalAndDeadlineExactlyOneDecidesAndNoSignalIsLost) {
  constexpr unsigned rounds = 500;
  const chime::ticket t = ev.get_ticket();
  std::atomic<unsigned> round_now = 0;
  std::atomic<unsigned> lost = 0;
  std::atomic<unsigned> odd = 0;
  together(2, [&](unsigned who) {
    for (unsigned round = 1; round <= rounds; ++round) {
      if (who == 0) {
        if (!eventually([&] { return round_now >= round; })) return;
        const auto when = chime::clock::now() + std::chrono::microseconds(round % 100);
        while (chime::clock::now() < when) {
        }
        if (t.signal() != signal_result::delivered) ++odd;
        continue;
      }
      round_now = round;
      const auto first = ev.wait_until(chime::clock::now() + std::chrono::microseconds(50));
      if (first) continue;
      if (first.error() != errc::timed_out) ++odd;
      if (wait_patiently()) ++lost;
    }
  });
  EXPECT_EQ(lost, 0U);
  EXPECT_EQ(odd, 0U);
  EXPECT_EQ(phase_of(ev), phase::idle);
}

TEST_F(BlockingWait, D6_ThreadsHandWorkToAndFro) {
  constexpr unsigned pairs = 2;
  constexpr unsigned rounds = 3000;
  struct table {
    chime::event ping;
    chime::event pong;
    unsigned ball = 0;  // plain: ordered by the events alone
  };
  std::array<table, pairs> tables;
  for (auto& t : tables) {
    t.ping = acquire_from(pool);
    t.pong = acquire_from(pool);
  }
  std::atomic<unsigned> lost = 0;
  together(2 * pairs, [&](unsigned who) {
    table& t = tables[who / 2];
    const bool serves = who % 2 == 0;
    chime::event& mine = serves ? t.pong : t.ping;
    const chime::ticket theirs = (serves ? t.ping : t.pong).get_ticket();
    for (unsigned round = 0; round < rounds; ++round) {
      if (serves) {
        ++t.ball;
        (void)theirs.signal();
      }
      if (!mine.wait_until(chime::clock::now() + patience)) {
        ++lost;
        return;
      }
      if (!serves) {
        ++t.ball;
        (void)theirs.signal();
      }
    }
  });
  EXPECT_EQ(lost, 0U);
  for (const auto& t : tables) EXPECT_EQ(t.ball, 2 * rounds);
}

TEST_F(BlockingWait, D2_AWorkerThatIsLateForEveryUseNeverWakesALaterOne) {
  constexpr unsigned uses = 2000;
  ev.reset();
  std::atomic<unsigned> misled = 0;
  std::atomic<std::size_t> next = 0;
  std::vector<chime::ticket> old(uses);
  together(2, [&](unsigned who) {
    for (unsigned i = 0; i < uses; ++i) {
      if (who == 0) {
        if (!eventually([&] { return next.load(std::memory_order_acquire) > i; })) return;
        if (old[i].signal() != signal_result::stale) ++misled;
        continue;
      }
      auto use = acquire_from(pool);
      old[i] = use.get_ticket();
      use.reset();
      use = acquire_from(pool);
      next.store(i + 1, std::memory_order_release);
      if (use.wait_until(chime::time_point::min())) ++misled;
    }
  });
  EXPECT_EQ(misled, 0U);
  EXPECT_EQ(pool.stats().stale_signals, uses);
  expect_account(pool, 1, 0, 0);
}

}  // namespace
