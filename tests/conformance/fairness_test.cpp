// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A poll is bounded, and nothing starves beside a flood (L1).
#include "world.hpp"

namespace conformance {
namespace {

struct fairness : in_world {
  /// A post that submits itself for ever.
  struct flood {
    chime::proactor* loop = nullptr;
    chime::operation op;
    bool* over = nullptr;
    std::uint64_t runs = 0;
    void run(chime::completion&&) {
      ++runs;
      if (!*over) loop->submit(op, chime::callback::to<&flood::run>(*this));
    }
  };
  void start_flood(std::size_t posts) {
    floods.clear();
    for (std::size_t i = 0; i < posts; ++i) {
      flood& f = floods.emplace_back();
      f.loop = &loop;
      f.over = &over;
      f.run({});
    }
  }
  void end_flood() {
    over = true;
    while (loop.poll().value_or(0) != 0) {
    }
  }
  /// Polls without sleeping, as long as `is_true` is not; at most so often.
  template <class Predicate>
  [[nodiscard]] bool within(int polls, Predicate is_true) {
    for (int i = 0; i < polls && !is_true(); ++i) {
      if (!loop.poll()) return false;
    }
    return is_true();
  }
  bool over = false;
  std::deque<flood> floods;
};
IN_EVERY_WORLD(fairness);

/// Generous: a backend may look at the kernel once in 64 polls while completions flow.
constexpr int enough_polls = 200;

TEST_P(fairness, a_poll_runs_at_most_a_batch) {
  for (const unsigned batch : {1U, 2U, 7U, 64U}) {
    reopen_loop(batch);
    ASSERT_NO_FATAL_FAILURE(open_pool());
    int completed = 0;
    auto count = [&](const chime::completion&) { ++completed; };
    std::deque<chime::operation> operations(100);
    for (chime::operation& op : operations) loop.submit(op, count);
    for (int i = 0; i < 100; ++i) {
      chime::event ev = acquire();
      ev.get_ticket().signal();
      std::move(ev).submit(count);
    }
    std::deque<chime::operation> timers(100);
    for (chime::operation& op : timers) loop.submit(op, count, clock::now());
    std::size_t total = 0;
    while (completed < 300) {
      const auto ran = loop.poll(patience);
      ASSERT_TRUE(ran);
      ASSERT_NE(*ran, 0U);
      EXPECT_LE(*ran, batch);
      total += *ran;
      EXPECT_EQ(total, static_cast<std::size_t>(completed)) << "poll returns how many ran";
    }
    EXPECT_EQ(loop.stats().completions, 300U);
    ASSERT_EQ(pool.close(), 0U);
  }
}

TEST_P(fairness, timers_fire_beside_a_flood_of_posts) {
  for (const unsigned batch : {1U, 16U}) {
    reopen_loop(batch);
    over = false;
    start_flood(32);
    chime::operation& op = make_operation();
    waiter& w = make_waiter();
    loop.submit(op, w, clock::now() + 200us);
    const time_point end = clock::now() + patience;
    while (w.completions == 0 && clock::now() < end) ASSERT_TRUE(loop.poll());
    EXPECT_EQ(w.outcome(), outcome::success);
    EXPECT_EQ(loop.stats().sleeps, 0U);
    end_flood();
  }
}

TEST_P(fairness, a_due_timer_comes_within_few_polls) {
  reopen_loop(16);
  start_flood(32);
  waiter& w = make_waiter();
  loop.submit(make_operation(), w, clock::now());
  EXPECT_TRUE(within(enough_polls, [&] { return w.completions != 0; }));
  end_flood();
}

TEST_P(fairness, watches_are_told_beside_a_flood_of_posts) {
  reopen_loop(16);
  const descriptor_pair ends = descriptor_pair::pipe();
  waiter& w = make_waiter();
  loop.submit(make_operation(), w, ends.first, chime::interest::readable);
  let_the_loop_see();
  start_flood(32);
  ASSERT_TRUE(within(5, [&] { return loop.stats().completions > 16; }));
  EXPECT_EQ(w.completions, 0);
  ASSERT_TRUE(write_byte(ends.second));
  EXPECT_TRUE(within(enough_polls, [&] { return w.completions != 0; }));
  end_flood();
}

TEST_P(fairness, events_complete_beside_a_flood_of_posts) {
  reopen_loop(16);
  ASSERT_NO_FATAL_FAILURE(open_pool());
  start_flood(32);
  for (int i = 0; i < 5; ++i) {
    chime::event ev = acquire();
    const chime::ticket t = ev.get_ticket();
    waiter& w = submit(std::move(ev));
    EXPECT_FALSE(within(3, [&] { return w.completions != 0; }));
    t.signal();
    EXPECT_TRUE(within(enough_polls, [&] { return w.completions != 0; }));
    waiter& late = submit(std::move(w.ev), clock::now() - 1s);
    EXPECT_TRUE(within(enough_polls, [&] { return late.completions != 0; }));
    EXPECT_EQ(late.outcome(), outcome::timed_out);
    late.ev.reset();
  }
  end_flood();
}

TEST_P(fairness, posts_run_beside_a_flood_of_timers_that_are_due) {
  struct always_due {
    chime::proactor* loop = nullptr;
    chime::operation op;
    bool* over = nullptr;
    void run(chime::completion&&) {
      if (!*over) loop->submit(op, chime::callback::to<&always_due::run>(*this), clock::now() - 1s);
    }
  };
  for (const unsigned batch : {1U, 16U}) {
    reopen_loop(batch);
    over = false;
    std::deque<always_due> timers(100);
    for (always_due& t : timers) {
      t.loop = &loop;
      t.over = &over;
      t.run({});
    }
    waiter& w = make_waiter();
    loop.submit(make_operation(), w);
    EXPECT_TRUE(within(1000, [&] { return w.completions != 0; }));
    end_flood();
  }
}

TEST_P(fairness, posts_run_beside_a_flood_of_events_that_wait_again) {
  reopen_loop(16);
  ASSERT_NO_FATAL_FAILURE(open_pool());
  struct again {
    bool* over = nullptr;
    void run(chime::completion&& c) {
      if (*over) return c.ev.reset();
      c.ev.get_ticket().signal();
      std::move(c.ev).submit(chime::callback::to<&again::run>(*this));
    }
  };
  std::deque<again> all(50, again{&over});
  for (again& a : all) {
    chime::event ev = acquire();
    ev.get_ticket().signal();
    std::move(ev).submit(chime::callback::to<&again::run>(a));
  }
  const descriptor_pair ends = descriptor_pair::pipe();
  waiter& post = make_waiter();
  waiter& timer = make_waiter();
  waiter& watch = make_waiter();
  loop.submit(make_operation(), post);
  loop.submit(make_operation(), timer, clock::now());
  loop.submit(make_operation(), watch, ends.first, chime::interest::readable);
  ASSERT_TRUE(write_byte(ends.second));
  EXPECT_TRUE(within(enough_polls, [&] { return post.completions + timer.completions + watch.completions == 3; }));
  end_flood();
}

}  // namespace
}  // namespace conformance
