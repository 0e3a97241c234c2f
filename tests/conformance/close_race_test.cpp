// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The last signal or post of another thread races with the close of pool and loop: close waits for the wake-up that is
/// still owed, and nobody touches what is gone. Run under the sanitizers to mean something.
#include "world.hpp"

namespace conformance {
namespace {

using close_race = in_world;
IN_EVERY_WORLD(close_race);

/// A thread that does `act` whenever it is asked to, and is not waited for.
template <class Act>
class helper {
 public:
  explicit helper(Act act) : act_(std::move(act)), thread_([this] { work(); }) {}
  ~helper() {
    over_ = true;
    thread_.join();
  }
  void ask() { asked_.fetch_add(1, std::memory_order_release); }
  void until_idle() {
    EXPECT_TRUE(eventually([&] { return finished_.load(std::memory_order_acquire) == asked_.load(); }));
  }

 private:
  void work() {
    for (int done = 0; !over_.load(std::memory_order_relaxed);) {
      if (asked_.load(std::memory_order_acquire) == done) {
        std::this_thread::yield();
        continue;
      }
      act_(done);
      finished_.store(++done, std::memory_order_release);
    }
  }
  Act act_;
  std::atomic<int> asked_{0};
  std::atomic<int> finished_{0};
  std::atomic<bool> over_{false};
  std::thread thread_;
};

void wait_a_little(int round) {
  std::atomic<int> nothing{0};
  for (int i = 0; i < round * 37 % 3000; ++i) nothing.fetch_add(1, std::memory_order_relaxed);
}

TEST_P(close_race, of_the_last_signal) {
  const int rounds = sanitized ? 60 : 200;
  ASSERT_TRUE(loop.close());
  chime::ticket last;
  helper producer([&](int round) {
    wait_a_little(round);
    const chime::ticket mine = last;
    mine.signal();
  });
  for (int round = 0; round < rounds; ++round) {
    ASSERT_TRUE(loop.open(on_this_backend()));
    ASSERT_NO_FATAL_FAILURE(open_pool());
    {
      chime::event ev = acquire();
      last = ev.get_ticket();
      waiter w;
      std::move(ev).submit(w);
      producer.ask();
      ASSERT_TRUE(complete(w));
      ASSERT_EQ(w.outcome(), outcome::success);
    }
    ASSERT_EQ(pool.close(), 0U);
    ASSERT_TRUE(loop.close());
    producer.until_idle();
  }
}

TEST_P(close_race, of_the_last_post) {
  const int rounds = sanitized ? 60 : 200;
  ASSERT_TRUE(loop.close());
  chime::operation& op = make_operation();
  waiter& w = make_waiter();
  helper producer([&](int round) {
    wait_a_little(round);
    loop.submit(op, w);
  });
  for (int round = 1; round <= rounds; ++round) {
    ASSERT_TRUE(loop.open(on_this_backend()));
    producer.ask();
    ASSERT_TRUE(complete(w, round));
    ASSERT_TRUE(loop.close());
    producer.until_idle();
  }
}

TEST_P(close_race, of_a_pool_that_is_polled_until_everything_came_back) {
  const int rounds = sanitized ? 20 : 60;
  ASSERT_TRUE(loop.close());
  std::vector<chime::ticket> tickets;
  helper producer([&](int) {
    for (const chime::ticket& t : tickets) t.signal();
  });
  for (int round = 0; round < rounds; ++round) {
    ASSERT_TRUE(loop.open(on_this_backend()));
    ASSERT_NO_FATAL_FAILURE(open_pool());
    int completed = 0;
    auto callback = [&](const chime::completion&) { ++completed; };
    tickets.clear();
    for (int i = 0; i < 50; ++i) {
      chime::event ev = acquire();
      tickets.push_back(ev.get_ticket());
      std::move(ev).submit(callback);
    }
    producer.ask();
    if (round % 2 == 0) {
      pool.cancel_all();
      producer.until_idle();  // signals that come too late for a wait need a pool that is open
    }
    EXPECT_TRUE(poll_until([&] { return pool.close() == 0; }))
        << "pool.close() says how many are out, as often as asked";
    EXPECT_EQ(completed, 50);
    producer.until_idle();
    ASSERT_TRUE(loop.close());
  }
}

}  // namespace
}  // namespace conformance
