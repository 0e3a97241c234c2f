// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Four producers and one loop at full load: every signal is counted once, and every submit completes once (L4, P5,
/// D4).
#include <random>

#include "world.hpp"

namespace conformance {
namespace {

constexpr int producers = 4;

/// What one producer did. Results by signal_result.
struct account {
  std::uint64_t submitted = 0;
  std::uint64_t sent = 0;
  std::array<std::uint64_t, 3> results{};
};

struct accounting : in_world {
  /// Tickets that one producer leaves for the others, which signal them early or late.
  std::array<std::atomic<chime::ticket*>, 16> exchange{};
  std::atomic<std::uint64_t> completed{0};
  std::atomic<std::uint64_t> failures{0};
  std::array<std::deque<chime::ticket>, producers> tickets;

  void done(chime::completion&& c) {
    if (c.error) failures.fetch_add(1, std::memory_order_relaxed);
    c.ev.reset();
    completed.fetch_add(1, std::memory_order_relaxed);
  }
  void send(const chime::ticket& t, account& a) const {
    ++a.sent;
    ++a.results[static_cast<std::size_t>(t.signal())];
  }

  template <class Acquire>
  void produce(std::size_t who, int rounds, Acquire acquire_one, account& a) {
    std::mt19937 random(static_cast<unsigned>(who));
    for (int i = 0; i < rounds; ++i) {
      auto got = acquire_one();
      if (!got) {  // all are out: the loop will bring some back
        EXPECT_EQ(got.error(), chime::fault::pool_exhausted);
        std::this_thread::yield();
        --i;
        continue;
      }
      chime::ticket& t = tickets[who].emplace_back(got->get_ticket());
      ++a.submitted;
      const auto dice = static_cast<unsigned>(random());
      if (dice % 4 == 0) send(t, a);
      const time_point deadline = dice % 8 == 0 ? clock::now() + 1h : chime::never;
      std::move(*got).submit(chime::callback::to<&accounting::done>(*this), deadline);
      if (dice % 3 == 0) {
        // Somebody else's turn; what was there before is ours to signal, perhaps for the second time.
        chime::ticket* other = exchange[dice / 3 % exchange.size()].exchange(&t, std::memory_order_acq_rel);
        if (other != nullptr) send(*other, a);
      }
      if (dice % 5 != 0 || dice % 4 == 0) send(t, a);
      if (dice % 7 == 0 && tickets[who].size() > 1) send(tickets[who][random() % tickets[who].size()], a);
      // In any case every wait is signalled: those that were not yet are now.
      if (dice % 5 == 0 && dice % 4 != 0) send(t, a);
    }
  }

  /// Native events have one descriptor each, or two; a login gets 1,024.
  void SetUp() override {
    if (GetParam().native() && raise_descriptor_limit() < 3000) GTEST_SKIP() << "too few descriptors allowed";
    in_world::SetUp();
  }

  template <class Work>
  void run(Work work) {
    std::array<account, producers> accounts;
    std::vector<std::thread> threads;
    std::atomic<int> finished{0};
    for (std::size_t who = 0; who < producers; ++who) {
      threads.emplace_back([&, who] {
        work(who, accounts[who]);
        ++finished;
        loop.wake();
      });
    }
    EXPECT_TRUE(poll_until([&] { return finished == producers; }));
    for (std::thread& t : threads) t.join();
    account all;
    for (const account& a : accounts) {
      all.submitted += a.submitted;
      all.sent += a.sent;
      for (std::size_t i = 0; i < 3; ++i) all.results[i] += a.results[i];
    }
    EXPECT_TRUE(poll_until([&] { return completed == all.submitted; }));
    EXPECT_EQ(loop.poll().value_or(99), 0U);
    const auto of = [&](signal_result r) { return all.results[static_cast<std::size_t>(r)]; };
    EXPECT_EQ(completed, all.submitted);
    EXPECT_EQ(failures, 0U);
    EXPECT_EQ(loop.stats().completions, all.submitted);
    EXPECT_EQ(all.sent, of(signal_result::delivered) + of(signal_result::coalesced) + of(signal_result::stale));
    EXPECT_GE(of(signal_result::delivered), all.submitted);
    EXPECT_EQ(pool.stats().stale_signals, of(signal_result::stale));
    EXPECT_LE(loop.stats().wakeups, loop.stats().sleeps);
    const chime::pool_stats stats = pool.stats();
    EXPECT_EQ(stats.held, 0U);
    EXPECT_EQ(stats.made, stats.free + stats.cached + stats.retired);
  }
  [[nodiscard]] int rounds() const { return (GetParam().native() ? 3000 : 8000) / (sanitized ? 5 : 1); }
};
IN_EVERY_WORLD(accounting);

TEST_P(accounting, of_four_producers_who_share_the_pool) {
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 16, .maximum_capacity = 256}));
  run([&](std::size_t who, account& a) { produce(who, rounds(), [&] { return pool.acquire(); }, a); });
}

TEST_P(accounting, of_four_producers_with_caches) {
  ASSERT_NO_FATAL_FAILURE(
      open_pool({.initial_capacity = 16, .maximum_capacity = 256 + producers * chime::event_cache::limit}));
  run([&](std::size_t who, account& a) {
    chime::event_cache cache(pool);
    produce(who, rounds(), [&] { return cache.acquire(); }, a);
  });
}

/// Full load on the loop: half of the signals are sent before the wait, by the holder itself.
TEST_P(accounting, of_holders_who_release_into_their_caches) {
  ASSERT_NO_FATAL_FAILURE(open_pool({.maximum_capacity = 1024}));
  run([&](std::size_t who, account& a) {
    chime::event_cache cache(pool);
    std::vector<chime::event> held;
    produce(
        who, rounds() / 2,
        [&] {
          for (int i = 0; i < 3; ++i) {
            if (auto extra = cache.acquire()) held.push_back(std::move(*extra));
          }
          while (held.size() > 8) {
            cache.release(std::move(held.back()));
            held.pop_back();
          }
          return cache.acquire();
        },
        a);
  });
}

}  // namespace
}  // namespace conformance
