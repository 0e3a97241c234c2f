// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Waits with deadlines (D6).
#include <algorithm>
#include <numeric>
#include <random>

#include "world.hpp"

namespace conformance {
namespace {

struct deadline : in_world {
  void SetUp() override {
    in_world::SetUp();
    if (!IsSkipped() && !HasFailure()) open_pool();
  }
  /// Polls until the clock has passed `when`, by a timer: what was due before has fired then.
  [[nodiscard]] testing::AssertionResult pass(time_point when) {
    waiter& w = make_waiter();
    loop.submit(make_operation(), w, when);
    return complete(w);
  }
};
IN_EVERY_WORLD(deadline);

TEST_P(deadline, ends_the_wait_with_timed_out_and_not_early) {
  for (const bool seen : {false, true}) {
    const time_point due = clock::now() + 3ms;
    waiter& w = submit(acquire(), due);
    if (seen) let_the_loop_work();
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::timed_out);
    EXPECT_GE(w.when, due);
    EXPECT_TRUE(w.ev);
    let_the_loop_see();
    EXPECT_EQ(w.completions, 1);
  }
}

TEST_P(deadline, in_the_past_times_out_at_once) {
  const time_point now = clock::now();
  for (const time_point past : {now, now - 1ns, now - 24h, time_point{}, time_point{} - 24h}) {
    waiter& w = submit(acquire(), past);
    ASSERT_TRUE(poll_until([&] { return w.completions != 0; }));
    EXPECT_EQ(w.outcome(), outcome::timed_out);
  }
}

TEST_P(deadline, before_all_time_times_out_at_once) {
  for (const time_point past : {time_point::min() + 1ns, time_point::min()}) {
    chime::event ev = acquire();
    const chime::ticket t = ev.get_ticket();
    std::atomic<bool> done{false};
    std::error_code error;
    auto callback = [&](const chime::completion& c) {
      error = c.error;
      done = true;
    };
    runner r(loop);  // not here: a loop that sleeps for centuries has to be ended by somebody
    std::move(ev).submit(callback, past);
    EXPECT_TRUE(eventually([&] { return done.load(); }, 3s)) << "the loop sleeps on";
    t.cancel();
    EXPECT_TRUE(eventually([&] { return done.load(); }));
    EXPECT_EQ(outcome_of(error), outcome::timed_out);
    r.stop();
    ASSERT_EQ(pool.close(), 0U);
    ASSERT_TRUE(loop.close());
    ASSERT_TRUE(loop.open(on_this_backend()));  // for the next thread
    open_pool();
  }
}

TEST_P(deadline, loses_against_a_signal_that_came_first) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  t.signal();
  waiter& w = submit(std::move(ev), clock::now() - 1h);
  ASSERT_TRUE(complete(w));
  EXPECT_EQ(w.outcome(), outcome::success) << "signalled before the wait, and the deadline was past";
  waiter& next = submit(std::move(w.ev), clock::now() - 1h);
  t.signal();
  ASSERT_TRUE(complete(next));
  EXPECT_EQ(next.outcome(), outcome::success) << "signalled before the loop saw the deadline";
}

TEST_P(deadline, loses_against_a_cancel_that_came_first) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  waiter& w = submit(std::move(ev), clock::now() - 1h);
  EXPECT_TRUE(t.cancel());
  ASSERT_TRUE(complete(w));
  EXPECT_EQ(w.outcome(), outcome::cancelled);
}

TEST_P(deadline, far_away_does_not_disturb) {
  for (const time_point far : {chime::never, chime::never - 1ns, clock::now() + std::chrono::years(100)}) {
    for (const bool seen : {false, true}) {
      chime::event ev = acquire();
      const chime::ticket t = ev.get_ticket();
      waiter& w = submit(std::move(ev), far);
      if (seen) let_the_loop_see();
      EXPECT_EQ(w.outcome(), outcome::pending);
      EXPECT_EQ(t.signal(), signal_result::delivered);
      ASSERT_TRUE(complete(w));
      EXPECT_EQ(w.outcome(), outcome::success);
    }
  }
}

TEST_P(deadline, far_away_lets_the_loop_sleep) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  waiter& w = submit(std::move(ev), chime::never - 1ns);
  let_the_loop_see();
  const auto before = loop.stats().sleeps;
  EXPECT_EQ(loop.poll(5ms).value_or(99), 0U);
  EXPECT_LT(loop.stats().sleeps - before, 200U) << "the loop spins";
  std::thread signaller([&, sleeps = loop.stats().sleeps] {
    EXPECT_TRUE(eventually([&] { return loop.stats().sleeps > sleeps; }));
    t.signal();
  });
  while (w.completions == 0) ASSERT_TRUE(loop.poll(-1ns)) << "asleep for that deadline alone";
  signaller.join();
  EXPECT_EQ(w.outcome(), outcome::success);
}

TEST_P(deadline, many_in_any_order_fire_in_the_order_of_time) {
  constexpr int count = 300;
  std::vector<int> order(count);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), std::mt19937(7));
  std::vector<int> fired;
  struct one {
    std::vector<int>* fired = nullptr;
    int number = 0;
    time_point due;
    void done(chime::completion&& c) {
      EXPECT_EQ(outcome_of(c.error), outcome::timed_out);
      EXPECT_GE(clock::now(), due);
      fired->push_back(number);
    }
  };
  std::vector<one> all(count);
  const time_point start = clock::now() + 5ms;
  for (const int i : order) {
    auto& o = all[static_cast<std::size_t>(i)];
    o = {&fired, i, start + i * 30us};
    acquire().submit(chime::callback::to<&one::done>(o), o.due);
  }
  ASSERT_TRUE(poll_until([&] { return fired.size() == count; }));
  // With io_uring it is the kernel that ends the waits of native events, those of one poll in an order of its own: Linux 6.1
  // begins with the last.
  if (GetParam().native() && std::string_view(GetParam().backend).starts_with("io_uring")) {
    std::ranges::sort(fired);
    EXPECT_EQ(std::ranges::adjacent_find(fired), fired.end()) << "fired twice";
  }
  EXPECT_TRUE(std::ranges::is_sorted(fired));
}

TEST_P(deadline, equal_ones_all_fire) {
  const time_point due = clock::now() + 1ms;
  std::vector<waiter*> all;
  for (int i = 0; i < 100; ++i) all.push_back(&submit(acquire(), due));
  for (waiter* w : all) {
    ASSERT_TRUE(complete(*w));
    EXPECT_EQ(w->outcome(), outcome::timed_out);
  }
}

TEST_P(deadline, of_a_wait_that_was_signalled_does_not_fire_later) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  waiter* first = nullptr;
  time_point due;
  // On a slow machine the deadline may come before the signal: then once more, with twice the time.
  for (auto time = 2ms; first == nullptr || first->outcome() == outcome::timed_out; time *= 2) {
    if (first != nullptr) ev = std::move(first->ev);
    due = clock::now() + time;
    first = &submit(std::move(ev), due);
    let_the_loop_work();
    if (first->completions == 0) t.signal();
    ASSERT_TRUE(complete(*first));
  }
  waiter& second = submit(std::move(first->ev));
  ASSERT_TRUE(pass(due + 1ms));
  EXPECT_EQ(first->completions, 1);
  EXPECT_EQ(second.outcome(), outcome::pending);
  t.cancel();
  ASSERT_TRUE(complete(second));
  EXPECT_EQ(second.outcome(), outcome::cancelled);
}

TEST_P(deadline, from_another_thread_counts_while_the_loop_sleeps_for_ever) {
  runner r(loop);
  for (int i = 0; i < 5; ++i) {
    r.until_asleep();
    std::atomic<bool> done{false};
    std::error_code error;
    auto callback = [&](chime::completion&& c) {
      error = c.error;
      c.ev.reset();
      done = true;
    };
    acquire().submit(callback, clock::now() + 1ms);
    ASSERT_TRUE(eventually([&] { return done.load(); }));
    EXPECT_EQ(outcome_of(error), outcome::timed_out);
  }
}

TEST_P(deadline, from_another_thread_counts_while_the_loop_sleeps_for_a_later_one) {
  chime::event late = acquire();
  const chime::ticket late_ticket = late.get_ticket();
  waiter& w = submit(std::move(late), clock::now() + 1h);
  runner r(loop);
  r.until_asleep();
  auto callback = [&](chime::completion&& c) {
    EXPECT_EQ(outcome_of(c.error), outcome::timed_out);
    EXPECT_TRUE(late_ticket.cancel());
  };
  acquire().submit(callback, clock::now() + 1ms);
  EXPECT_TRUE(eventually([&] { return loop.stats().completions == 2; }));
  r.stop();
  EXPECT_EQ(w.outcome(), outcome::cancelled);
}

}  // namespace
}  // namespace conformance
