// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Timers (L1, L4).
#include <algorithm>
#include <numeric>
#include <random>

#include "world.hpp"

namespace conformance {
namespace {

using timer = in_world;
ON_EVERY_BACKEND(timer);

TEST_P(timer, fires_once_and_not_early) {
  for (const auto after : {0us, 50us, 1000us, 5000us}) {
    waiter& w = make_waiter();
    const time_point due = clock::now() + after;
    loop.submit(make_operation(), w, due);
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::success);
    EXPECT_GE(w.when, due);
    let_the_loop_see();
    EXPECT_EQ(w.completions, 1);
  }
}

TEST_P(timer, in_the_past_fires_at_once) {
  for (const time_point past :
       {clock::now(), clock::now() - 1ns, clock::now() - 24h, time_point{}, time_point{} - 24h}) {
    waiter& w = make_waiter();
    loop.submit(make_operation(), w, past);
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::success);
  }
}

TEST_P(timer, before_all_time_fires_at_once) {
  for (const time_point past : {time_point::min(), time_point::min() + 1ns}) {
    std::atomic<bool> done{false};
    std::error_code error;
    auto callback = [&](const chime::completion& c) {
      error = c.error;
      done = true;
    };
    chime::operation& op = make_operation();
    runner r(loop);  // not here: a loop that sleeps for centuries has to be ended by somebody
    loop.submit(op, callback, past);
    EXPECT_TRUE(eventually([&] { return done.load(); }, 3s)) << "the loop sleeps on";
    (void)loop.cancel(op);
    EXPECT_TRUE(eventually([&] { return done.load(); }));
    EXPECT_FALSE(error) << error.message();
    r.stop();
    ASSERT_TRUE(loop.close());
    ASSERT_TRUE(loop.open(on_this_backend()));
  }
}

TEST_P(timer, far_away_does_not_fire_and_lets_the_loop_sleep) {
  for (const time_point far : {chime::never, chime::never - 1ns, clock::now() + std::chrono::years(100)}) {
    chime::operation& op = make_operation();
    waiter& w = make_waiter();
    loop.submit(op, w, far);
    let_the_loop_see();
    const auto before = loop.stats().sleeps;
    EXPECT_EQ(loop.poll(5ms).value_or(99), 0U);
    EXPECT_LT(loop.stats().sleeps - before, 200U) << "the loop spins";
    EXPECT_TRUE(loop.cancel(op));
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::cancelled);
  }
}

TEST_P(timer, many_in_any_order_fire_in_the_order_of_time) {
  constexpr int count = 1000;
  std::vector<int> order(count);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), std::mt19937(11));
  std::vector<int> fired;
  struct one {
    chime::operation op;
    std::vector<int>* fired = nullptr;
    int number = 0;
    void done(chime::completion&& c) {
      EXPECT_FALSE(c.error);
      fired->push_back(number);
    }
  };
  std::deque<one> all(count);
  const time_point start = clock::now() + 3ms;
  for (const int i : order) {
    one& o = all[static_cast<std::size_t>(i)];
    o.fired = &fired;
    o.number = i;
    loop.submit(o.op, chime::callback::to<&one::done>(o), start + i * 5us);
  }
  ASSERT_TRUE(poll_until([&] { return fired.size() == count; }));
  EXPECT_TRUE(std::ranges::is_sorted(fired));
}

TEST_P(timer, may_submit_itself_again) {
  struct tick {
    chime::proactor* loop;
    chime::operation* op;
    time_point due;
    int left;
    void run(chime::completion&& c) {
      EXPECT_FALSE(c.error);
      EXPECT_GE(clock::now(), due);
      due += 100us;
      if (--left != 0) loop->submit(*op, chime::callback::to<&tick::run>(*this), due);
    }
  } t{&loop, &make_operation(), clock::now(), 50};
  loop.submit(*t.op, chime::callback::to<&tick::run>(t), t.due);
  ASSERT_TRUE(poll_until([&] { return t.left == 0; }));
}

TEST_P(timer, earlier_than_the_one_the_loop_sleeps_for_counts) {
  chime::operation& late = make_operation();
  waiter& w = make_waiter();
  loop.submit(late, w, clock::now() + 1h);
  runner r(loop);
  r.until_asleep();
  std::atomic<bool> done{false};
  auto callback = [&](chime::completion&&) {
    EXPECT_TRUE(loop.cancel(late));
    done = true;
  };
  loop.submit(make_operation(), callback, clock::now() + 1ms);
  EXPECT_TRUE(eventually([&] { return done.load() && loop.stats().completions == 2; }));
  r.stop();
  EXPECT_EQ(w.outcome(), outcome::cancelled);
}

TEST_P(timer, one_may_cancel_another_that_is_due_too) {
  chime::operation& victim = make_operation();
  waiter& w = make_waiter();
  bool told = false;
  bool ran = false;
  const time_point due = clock::now() + 1ms;
  auto callback = [&](chime::completion&&) {
    while (clock::now() < due + 1us) {
    }
    told = loop.cancel(victim);
    ran = true;
  };
  loop.submit(make_operation(), callback, due);
  loop.submit(victim, w, due + 1us);
  ASSERT_TRUE(poll_until([&] { return ran && w.completions != 0; }));
  EXPECT_EQ(told, w.outcome() == outcome::cancelled);
  let_the_loop_see();
  EXPECT_EQ(w.completions, 1);
}

}  // namespace
}  // namespace conformance
