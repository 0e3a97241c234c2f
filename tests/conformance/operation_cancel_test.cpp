// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Cancelling operations of every kind, at every stage, and against their completion (L2, L4).
#include "world.hpp"

namespace conformance {
namespace {

enum class kind : unsigned char { post, timer, readable, writable };
constexpr kind kinds[] = {kind::post, kind::timer, kind::readable, kind::writable};

struct operation_cancel : in_world {
  descriptor_pair empty = descriptor_pair::sockets();  // never readable
  descriptor_pair full = descriptor_pair::pipe();      // never writable

  void SetUp() override {
    in_world::SetUp();
    while (write_byte(full.second)) {
    }
  }
  void start(chime::operation& op, chime::callback done, kind k, time_point due = clock::now() + 1h) {
    switch (k) {
      case kind::post:
        loop.submit(op, done);
        break;
      case kind::timer:
        loop.submit(op, done, due);
        break;
      case kind::readable:
        loop.submit(op, done, empty.first, chime::interest::readable);
        break;
      case kind::writable:
        loop.submit(op, done, full.second, chime::interest::writable);
        break;
    }
  }
};
ON_EVERY_BACKEND(operation_cancel);

TEST_P(operation_cancel, before_the_loop_saw_it) {
  for (const kind k : kinds) {
    chime::operation& op = make_operation();
    waiter& w = make_waiter();
    start(op, w, k);
    EXPECT_TRUE(loop.cancel(op));
    EXPECT_FALSE(loop.cancel(op)) << "its outcome stands";
    EXPECT_EQ(w.completions, 0) << "completions run inside poll";
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::cancelled);
    EXPECT_FALSE(loop.cancel(op)) << "it is over";
    let_the_loop_see();
    EXPECT_EQ(w.completions, 1);
  }
}

TEST_P(operation_cancel, after_the_loop_saw_it) {
  for (const kind k : {kind::timer, kind::readable, kind::writable}) {
    chime::operation& op = make_operation();
    waiter& w = make_waiter();
    start(op, w, k);
    let_the_loop_see();
    EXPECT_TRUE(loop.cancel(op));
    EXPECT_FALSE(loop.cancel(op));
    EXPECT_EQ(w.completions, 0);
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::cancelled);
    EXPECT_FALSE(loop.cancel(op));
    let_the_loop_see();
    EXPECT_EQ(w.completions, 1);
  }
}

TEST_P(operation_cancel, after_its_completion_is_refused) {
  chime::operation& never_used = make_operation();
  EXPECT_FALSE(loop.cancel(never_used));
  write_byte(empty.second);
  read_all(full.first);
  for (const kind k : kinds) {
    chime::operation& op = make_operation();
    waiter& w = make_waiter();
    start(op, w, k, clock::now());
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::success);
    EXPECT_FALSE(loop.cancel(op));
    let_the_loop_see();
    EXPECT_EQ(w.completions, 1);
  }
}

TEST_P(operation_cancel, in_its_own_callback_is_refused) {
  chime::operation& op = make_operation();
  bool ran = false;
  auto callback = [&](const chime::completion& c) {
    EXPECT_FALSE(c.error);
    EXPECT_FALSE(loop.cancel(op));
    ran = true;
  };
  loop.submit(op, callback);
  ASSERT_TRUE(poll_until([&] { return ran; }));
}

TEST_P(operation_cancel, an_operation_may_be_submitted_again_from_its_cancelled_callback) {
  for (const kind k : kinds) {
    chime::operation& op = make_operation();
    waiter& second = make_waiter();
    int ran = 0;
    auto callback = [&](const chime::completion& c) {
      EXPECT_EQ(outcome_of(c.error), outcome::cancelled);
      ++ran;
      loop.submit(op, second);
    };
    start(op, callback, k);
    EXPECT_TRUE(loop.cancel(op));
    ASSERT_TRUE(complete(second));
    EXPECT_EQ(second.outcome(), outcome::success);
    EXPECT_EQ(ran, 1);
  }
}

TEST_P(operation_cancel, wakes_a_loop_that_sleeps_for_ever) {
  runner r(loop);
  chime::operation& op = make_operation();
  for (const kind k : {kind::timer, kind::readable, kind::writable}) {
    std::atomic<bool> done{false};
    auto callback = [&](const chime::completion& c) {
      EXPECT_EQ(outcome_of(c.error), outcome::cancelled);
      done.store(true, std::memory_order_release);
    };
    start(op, callback, k);
    r.until_asleep();
    EXPECT_TRUE(loop.cancel(op));
    ASSERT_TRUE(eventually([&] { return done.load(std::memory_order_acquire); }));
  }
}

/// One thread cancels while the loop completes: one completion, and the canceller is told the truth.
TEST_P(operation_cancel, races_with_the_completion) {
  const int rounds = sanitized ? 150 : 600;
  chime::operation& op = make_operation();
  meeting begin(2);
  meeting end(2);
  bool over = false;
  bool told = false;
  std::thread canceller([&] {
    for (int round = 0;; ++round) {
      begin.arrive();
      if (over) return;
      for (int delay = 0; delay < round % 60 * 10; ++delay) (void)loop.stats();
      told = loop.cancel(op);
      end.arrive();
    }
  });
  int cancelled = 0;
  for (const kind k : {kind::post, kind::timer, kind::readable}) {
    for (int round = 0; round < rounds && !HasFailure(); ++round) {
      waiter w;
      start(op, w, k, clock::now() + std::chrono::microseconds(round % 20));
      const bool seen = k == kind::readable && round % 2 == 0;
      EXPECT_EQ(seen ? loop.poll().value_or(99) : 0, 0U);
      begin.arrive();
      if (k == kind::readable) write_byte(empty.second);
      EXPECT_TRUE(complete(w));
      end.arrive();
      EXPECT_EQ(told, w.outcome() == outcome::cancelled);
      EXPECT_TRUE(told || w.outcome() == outcome::success) << w.outcome();
      EXPECT_EQ(loop.poll().value_or(99), 0U);
      EXPECT_EQ(w.completions, 1);
      cancelled += told ? 1 : 0;
      read_all(empty.first);
    }
  }
  over = true;
  begin.arrive();
  canceller.join();
  RecordProperty("cancelled", cancelled);
}

TEST_P(operation_cancel, of_hundreds_at_once_completes_each_once) {
  std::vector<chime::operation*> operations;
  std::vector<waiter*> waiters;
  for (int i = 0; i < 400; ++i) {
    operations.push_back(&make_operation());
    waiters.push_back(&make_waiter());
    start(*operations.back(), *waiters.back(), kinds[i % 3 + 1]);
    if (i % 50 == 0) {
      let_the_loop_see();
    }
  }
  for (chime::operation* op : operations) EXPECT_TRUE(loop.cancel(*op));
  for (waiter* w : waiters) {
    ASSERT_TRUE(complete(*w));
    EXPECT_EQ(w->outcome(), outcome::cancelled);
  }
  let_the_loop_see();
  for (waiter* w : waiters) EXPECT_EQ(w->completions, 1);
}

}  // namespace
}  // namespace conformance
