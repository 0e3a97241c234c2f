// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Posts: functions that run inside a poll (L2, L3, L4).
#include "world.hpp"

namespace conformance {
namespace {

using post = in_world;
ON_EVERY_BACKEND(post);

TEST_P(post, runs_once_inside_a_poll_and_not_before) {
  waiter& w = make_waiter();
  loop.submit(make_operation(), w);
  EXPECT_EQ(w.completions, 0);
  EXPECT_EQ(loop.poll().value_or(99), 1U);
  EXPECT_EQ(w.outcome(), outcome::success);
  EXPECT_FALSE(w.ev) << "an operation has no event";
  let_the_loop_see();
  EXPECT_EQ(w.completions, 1);
}

TEST_P(post, runs_on_the_polling_thread) {
  std::atomic<bool> done{false};
  std::thread::id where;
  auto callback = [&](chime::completion&&) {
    where = std::this_thread::get_id();
    done = true;
  };
  chime::operation& op = make_operation();
  std::thread other([&] {
    EXPECT_TRUE(poll_until([&] { return done.load(); }));
    EXPECT_EQ(where, std::this_thread::get_id());
  });
  loop.submit(op, callback);
  other.join();
  EXPECT_NE(where, std::this_thread::get_id());
}

TEST_P(post, wakes_a_loop_that_sleeps_for_ever) {
  runner r(loop);
  chime::operation& op = make_operation();
  for (int i = 0; i < 20; ++i) {
    std::atomic<bool> done{false};
    auto callback = [&](chime::completion&&) { done = true; };
    r.until_asleep();
    loop.submit(op, callback);
    ASSERT_TRUE(eventually([&] { return done.load(); })) << "round " << i;
  }
}

struct numbered {
  std::vector<int>* ran = nullptr;
  int number = 0;
  chime::operation op;
  void run(chime::completion&& c) {
    EXPECT_FALSE(c.error);
    ran->push_back(number);
  }
};

TEST_P(post, keeps_the_order_of_one_thread) {
  std::vector<int> ran;
  std::deque<numbered> all(1000);
  for (int i = 0; i < 1000; ++i) {
    numbered& n = all[static_cast<std::size_t>(i)];
    n.ran = &ran;
    n.number = i;
    loop.submit(n.op, chime::callback::to<&numbered::run>(n));
  }
  ASSERT_TRUE(poll_until([&] { return ran.size() == 1000; }));
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(ran[static_cast<std::size_t>(i)], i);
}

TEST_P(post, keeps_the_order_of_each_of_several_threads) {
  constexpr int threads = 4;
  constexpr int each = 500;
  std::vector<int> ran;
  std::deque<numbered> all(threads * each);
  std::vector<std::thread> posters;
  for (int t = 0; t < threads; ++t) {
    posters.emplace_back([&, t] {
      for (int i = 0; i < each; ++i) {
        numbered& n = all[static_cast<std::size_t>(t * each + i)];
        n.ran = &ran;
        n.number = t * each + i;
        loop.submit(n.op, chime::callback::to<&numbered::run>(n));
      }
    });
  }
  EXPECT_TRUE(poll_until([&] { return ran.size() == threads * each; }));
  for (std::thread& t : posters) t.join();
  std::array<int, threads> next{};
  for (const int number : ran) {
    int& expected = next[static_cast<std::size_t>(number / each)];
    ASSERT_EQ(number % each, expected);
    ++expected;
  }
}

TEST_P(post, may_submit_itself_again) {
  struct again {
    chime::proactor* loop;
    chime::operation* op;
    int left;
    void run(chime::completion&& c) {
      EXPECT_FALSE(c.error);
      if (--left != 0) loop->submit(*op, chime::callback::to<&again::run>(*this));
    }
  } a{&loop, &make_operation(), 1000};
  loop.submit(*a.op, chime::callback::to<&again::run>(a));
  ASSERT_TRUE(poll_until([&] { return a.left == 0; }));
  EXPECT_EQ(loop.stats().completions, 1000U);
}

TEST_P(post, may_end_the_life_of_its_operation) {
  struct one_shot {
    chime::operation op;
    bool* gone;
    explicit one_shot(bool& g) : gone(&g) {}
    ~one_shot() { *gone = true; }
    void run(chime::completion&&) { delete this; }
  };
  bool gone = false;
  auto* o = new one_shot(gone);
  loop.submit(o->op, chime::callback::to<&one_shot::run>(*o));
  ASSERT_TRUE(poll_until([&] { return gone; }));
}

TEST_P(post, may_post_another_from_inside) {
  waiter& inner = make_waiter();
  chime::operation& op = make_operation();
  auto outer = [&](chime::completion&&) { loop.submit(op, inner); };
  loop.submit(make_operation(), outer);
  ASSERT_TRUE(complete(inner));
}

TEST_P(post, an_operation_may_serve_as_anything_in_turn) {
  chime::operation& op = make_operation();
  const descriptor_pair ends = descriptor_pair::pipe();
  write_byte(ends.second);
  for (int i = 0; i < 3; ++i) {
    waiter& as_post = make_waiter();
    loop.submit(op, as_post);
    ASSERT_TRUE(complete(as_post));
    waiter& as_timer = make_waiter();
    loop.submit(op, as_timer, clock::now() + 100us);
    ASSERT_TRUE(complete(as_timer));
    waiter& as_watch = make_waiter();
    loop.submit(op, as_watch, ends.first, chime::interest::readable);
    ASSERT_TRUE(complete(as_watch));
    waiter& cancelled = make_waiter();
    loop.submit(op, cancelled, clock::now() + 1h);
    EXPECT_TRUE(loop.cancel(op));
    ASSERT_TRUE(complete(cancelled));
    EXPECT_EQ(as_post.outcome(), outcome::success);
    EXPECT_EQ(as_timer.outcome(), outcome::success);
    EXPECT_EQ(as_watch.outcome(), outcome::success);
    EXPECT_EQ(cancelled.outcome(), outcome::cancelled);
  }
}

}  // namespace
}  // namespace conformance
