// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Signal, cancel and deadline at the same moment, from three threads (L4, D6). Whoever wins: one completion, told
/// right to everybody, and no signal is lost.
#include <array>
#include <random>

#include "world.hpp"

namespace conformance {
namespace {

struct race : in_world {
  void SetUp() override {
    in_world::SetUp();
    if (!IsSkipped() && !HasFailure()) open_pool();
  }
};
IN_EVERY_WORLD(race);

constexpr std::size_t batch = 32;

struct contest {
  std::array<chime::ticket, batch> tickets;
  std::array<signal_result, batch> signalled{};
  std::array<bool, batch> cancelled{};
  meeting start{3};
  meeting end{3};
  bool over = false;

  void signal_them() {
    for (;;) {
      start.arrive();
      if (over) return;
      for (std::size_t i = 0; i < batch; ++i) signalled[i] = tickets[i].signal();
      end.arrive();
    }
  }
  void cancel_them() {
    for (;;) {
      start.arrive();
      if (over) return;
      for (std::size_t i = 0; i < batch; ++i) cancelled[i] = tickets[i].cancel();
      end.arrive();
    }
  }
};

TEST_P(race, of_signal_cancel_and_deadline_has_one_winner) {
  const int rounds = (GetParam().native() ? 60 : 300) / (sanitized ? 3 : 1);
  contest c;
  std::thread signaller(&contest::signal_them, &c);
  std::thread canceller(&contest::cancel_them, &c);
  std::mt19937 random(3);
  std::array<int, 5> outcomes{};
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    std::array<waiter, batch> waiters;
    const bool seen = round % 2 == 0;
    for (std::size_t i = 0; i < batch; ++i) {
      chime::event ev = acquire();
      c.tickets[i] = ev.get_ticket();
      const bool with_deadline = random() % 3 != 0;
      std::move(ev).submit(waiters[i],
                           with_deadline ? clock::now() + std::chrono::microseconds(random() % 60) : chime::never);
    }
    if (seen) {
      ASSERT_TRUE(loop.poll());
    }
    c.start.arrive();
    EXPECT_TRUE(poll_until([&] {
      for (const waiter& w : waiters) {
        if (w.completions == 0) return false;
      }
      return true;
    }));
    c.end.arrive();
    for (std::size_t i = 0; i < batch; ++i) {
      waiter& w = waiters[i];
      ++outcomes[static_cast<std::size_t>(w.outcome())];
      EXPECT_EQ(w.completions, 1);
      EXPECT_EQ(c.cancelled[i], w.outcome() == outcome::cancelled);
      EXPECT_EQ(c.signalled[i], signal_result::delivered) << "there was one signal, and the use is not over";
      // The signal completed this wait, or will complete the next: never both, never none.
      const chime::ticket t = w.ev.get_ticket();
      waiter next;
      std::move(w.ev).submit(next);
      if (w.outcome() == outcome::success) {
        EXPECT_TRUE(t.cancel());
      }
      EXPECT_TRUE(complete(next));
      EXPECT_EQ(next.outcome(), w.outcome() == outcome::success ? outcome::cancelled : outcome::success);
    }
  }
  c.over = true;
  c.start.arrive();
  signaller.join();
  canceller.join();
  EXPECT_EQ(outcomes[static_cast<std::size_t>(outcome::pending)], 0);
  EXPECT_EQ(outcomes[static_cast<std::size_t>(outcome::failed)], 0);
}

TEST_P(race, of_two_cancels_and_a_signal_tells_at_most_one_that_it_won) {
  const int rounds = (GetParam().native() ? 200 : 1000) / (sanitized ? 4 : 1);
  chime::ticket t;
  std::array<bool, 2> won{};
  meeting start(3);
  meeting end(3);
  bool over = false;
  const auto cancel = [&](std::size_t who) {
    for (;;) {
      start.arrive();
      if (over) return;
      won[who] = t.cancel();
      end.arrive();
    }
  };
  std::thread first(cancel, 0);
  std::thread second(cancel, 1);
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    chime::event ev = acquire();
    t = ev.get_ticket();
    waiter w;
    std::move(ev).submit(w);
    if (round % 2 == 0) {
      EXPECT_EQ(loop.poll().value_or(99), 0U);
    }
    start.arrive();
    const signal_result signalled = t.signal();
    EXPECT_TRUE(complete(w));
    end.arrive();
    EXPECT_EQ(won[0] + won[1], w.outcome() == outcome::cancelled ? 1 : 0);
    EXPECT_EQ(w.outcome() == outcome::success || w.outcome() == outcome::cancelled, true);
    EXPECT_EQ(signalled, signal_result::delivered);
    EXPECT_EQ(loop.poll().value_or(99), 0U);
    EXPECT_EQ(w.completions, 1);
  }
  over = true;
  start.arrive();
  first.join();
  second.join();
}

/// The event goes back and comes again while a signaller is still at the old ticket.
TEST_P(race, of_a_late_signal_with_release_and_acquire_never_touches_the_next_use) {
  const int rounds = (GetParam().native() ? 1500 : 4000) / (sanitized ? 5 : 1);
  chime::ticket late;
  meeting start(2);
  meeting end(2);
  bool over = false;
  std::uint64_t stale = 0;
  std::thread signaller([&] {
    for (;;) {
      start.arrive();
      if (over) return;
      if (late.signal() == signal_result::stale) ++stale;
      end.arrive();
    }
  });
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    chime::event ev = acquire();
    late = ev.get_ticket();
    start.arrive();
    for (int spins = 0; spins < round % 50; ++spins) (void)late.expired();
    ev.reset();
    chime::event next = acquire();
    const chime::ticket t = next.get_ticket();
    waiter w;
    std::move(next).submit(w);
    EXPECT_TRUE(loop.poll());
    end.arrive();
    EXPECT_EQ(loop.poll().value_or(99), 0U);
    EXPECT_EQ(w.outcome(), outcome::pending) << "a late signal completed a wait of the next use";
    if (w.completions == 0) {
      EXPECT_TRUE(t.cancel());
    }
    EXPECT_TRUE(complete(w));
  }
  over = true;
  start.arrive();
  signaller.join();
  EXPECT_EQ(pool.stats().stale_signals, stale);
  EXPECT_LE(pool.stats().made, 3U) << "released events are used again";
}

/// Descriptors come and go under waits and signals, which must not notice.
TEST_P(race, of_trim_with_uses_of_the_pool_disturbs_none) {
  const int rounds = (GetParam().native() ? 600 : 2000) / (sanitized ? 3 : 1);
  std::atomic<bool> over{false};
  std::thread trimmer([&] {
    while (!over) {
      pool.trim();
      std::this_thread::yield();
    }
  });
  chime::ticket late;
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    chime::event ev = acquire();
    const chime::ticket t = ev.get_ticket();
    waiter w;
    if (round % 2 == 0) t.signal();
    std::move(ev).submit(w);
    EXPECT_EQ(late.signal(), signal_result::stale);
    if (round % 2 != 0) t.signal();
    EXPECT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::success);
    late = t;
  }
  over = true;
  trimmer.join();
  const chime::pool_stats stats = pool.stats();
  EXPECT_EQ(stats.free, stats.made);
}

}  // namespace
}  // namespace conformance
