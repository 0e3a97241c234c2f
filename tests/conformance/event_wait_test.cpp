// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// One wait, one signal, in every order; and what the completion brings (E1, E2, L3, L4).
#include "world.hpp"

namespace conformance {
namespace {

struct event_wait : in_world {
  void SetUp() override {
    in_world::SetUp();
    if (!IsSkipped() && !HasFailure()) open_pool();
  }
};
IN_EVERY_WORLD(event_wait);

TEST_P(event_wait, signal_before_submit_completes_the_wait_at_once) {
  chime::event ev = acquire();
  EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
  waiter& w = submit(std::move(ev));
  EXPECT_EQ(loop.poll().value_or(99), 1U) << "one poll that does not sleep must do";
  EXPECT_EQ(w.outcome(), outcome::success);
  let_the_loop_see();
}

TEST_P(event_wait, signal_before_the_loop_saw_the_wait_completes_it) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  waiter& w = submit(std::move(ev));
  EXPECT_EQ(t.signal(), signal_result::delivered);
  ASSERT_TRUE(complete(w));
  EXPECT_EQ(w.outcome(), outcome::success);
  let_the_loop_see();
  EXPECT_EQ(w.completions, 1);
}

TEST_P(event_wait, signal_of_a_wait_that_is_under_way_completes_it) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  waiter& w = submit(std::move(ev));
  let_the_loop_see();
  EXPECT_EQ(t.signal(), signal_result::delivered);
  ASSERT_TRUE(complete(w));
  EXPECT_EQ(w.outcome(), outcome::success);
  let_the_loop_see();
  EXPECT_EQ(w.completions, 1);
}

TEST_P(event_wait, two_signals_before_the_wait_count_as_one) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  EXPECT_EQ(t.signal(), signal_result::delivered);
  EXPECT_EQ(t.signal(), signal_result::coalesced);
  waiter& first = submit(std::move(ev));
  ASSERT_TRUE(complete(first));
  EXPECT_EQ(first.outcome(), outcome::success);
  waiter& second = submit(std::move(first.ev));
  let_the_loop_see();
  EXPECT_EQ(second.outcome(), outcome::pending);
  EXPECT_TRUE(t.cancel());
  ASSERT_TRUE(complete(second));
  EXPECT_EQ(second.outcome(), outcome::cancelled);
}

TEST_P(event_wait, two_signals_of_a_wait_that_is_under_way_count_as_one) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  waiter& first = submit(std::move(ev));
  let_the_loop_see();
  EXPECT_EQ(t.signal(), signal_result::delivered);
  EXPECT_EQ(t.signal(), signal_result::coalesced);
  ASSERT_TRUE(complete(first));
  waiter& second = submit(std::move(first.ev));
  let_the_loop_see();
  EXPECT_EQ(second.outcome(), outcome::pending);
  EXPECT_EQ(t.signal(), signal_result::delivered) << "the earlier signals were consumed by the first wait";
  ASSERT_TRUE(complete(second));
  EXPECT_EQ(second.outcome(), outcome::success);
}

TEST_P(event_wait, a_signal_after_the_completion_is_kept_for_the_next_wait) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  waiter& first = submit(std::move(ev));
  t.signal();
  ASSERT_TRUE(complete(first));
  EXPECT_EQ(t.signal(), signal_result::delivered);
  EXPECT_EQ(t.signal(), signal_result::coalesced);
  waiter& second = submit(std::move(first.ev));
  EXPECT_EQ(loop.poll().value_or(99), 1U);
  EXPECT_EQ(second.outcome(), outcome::success);
}

TEST_P(event_wait, the_completion_hands_back_the_same_use) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  waiter& w = submit(std::move(ev));
  EXPECT_FALSE(ev) << "submit takes the event";  // NOLINT(bugprone-use-after-move)
  t.signal();
  ASSERT_TRUE(complete(w));
  ASSERT_TRUE(w.ev);
  EXPECT_EQ(w.ev.get_ticket(), t);
  EXPECT_FALSE(t.expired());
  EXPECT_EQ(pool.stats().held, 1U);
}

TEST_P(event_wait, dropping_the_event_in_the_callback_releases_it) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  bool ran = false;
  auto done = [&](chime::completion&& c) {
    EXPECT_FALSE(c.error);
    const chime::event dropped = std::move(c.ev);
    ran = true;
  };
  std::move(ev).submit(done);
  t.signal();
  ASSERT_TRUE(poll_until([&] { return ran; }));
  EXPECT_TRUE(t.expired());
  EXPECT_EQ(pool.stats().held, 0U);
  EXPECT_EQ(pool.stats().free, 1U);
}

TEST_P(event_wait, a_completion_that_nobody_touches_releases_the_event) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  bool ran = false;
  auto done = [&](const chime::completion&) { ran = true; };
  std::move(ev).submit(done);
  t.signal();
  ASSERT_TRUE(poll_until([&] { return ran; }));
  EXPECT_TRUE(t.expired());
  EXPECT_EQ(pool.stats().held, 0U);
}

TEST_P(event_wait, the_callback_may_submit_the_event_again) {
  struct again {
    chime::ticket t;
    int left = 100;
    void done(chime::completion&& c) {
      EXPECT_FALSE(c.error);
      if (--left == 0) return;
      const bool signal_first = left % 2 == 0;
      const chime::ticket mine = t;
      if (signal_first) mine.signal();
      std::move(c.ev).submit(chime::callback::to<&again::done>(*this));
      if (!signal_first) mine.signal();
    }
  } a;
  chime::event ev = acquire();
  a.t = ev.get_ticket();
  std::move(ev).submit(chime::callback::to<&again::done>(a));
  a.t.signal();
  ASSERT_TRUE(poll_until([&] { return a.left == 0; }));
  EXPECT_EQ(loop.stats().completions, 100U);
}

TEST_P(event_wait, the_callback_may_acquire_and_submit_another_event) {
  waiter& second = make_waiter();
  chime::ticket other;
  auto done = [&](chime::completion&&) {
    chime::event next = acquire();
    other = next.get_ticket();
    std::move(next).submit(second);
  };
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  std::move(ev).submit(done);
  t.signal();
  ASSERT_TRUE(poll_until([&] { return other != chime::ticket{}; }));
  let_the_loop_see();
  EXPECT_EQ(other.signal(), signal_result::delivered);
  ASSERT_TRUE(complete(second));
  EXPECT_EQ(second.outcome(), outcome::success);
}

TEST_P(event_wait, a_wait_may_be_submitted_and_signalled_by_other_threads) {
  waiter& w = make_waiter();
  std::thread submitter([&] {
    chime::event ev = acquire();
    const chime::ticket t = ev.get_ticket();
    std::move(ev).submit(w);
    std::thread([t] { EXPECT_EQ(t.signal(), signal_result::delivered); }).join();
  });
  EXPECT_TRUE(complete(w));
  submitter.join();
  EXPECT_EQ(w.outcome(), outcome::success);
}

TEST_P(event_wait, what_was_written_before_the_signal_is_seen_by_the_completion) {
  const int rounds = sanitized ? 200 : 500;
  int payload = 0;  // plain on purpose: the signal alone must order it
  for (int i = 1; i <= rounds && !HasFailure(); ++i) {
    chime::event ev = acquire();
    const chime::ticket t = ev.get_ticket();
    int seen = -1;
    auto done = [&](chime::completion&&) { seen = payload; };
    std::move(ev).submit(done);
    std::thread signaller([&, t] {
      payload = i;
      t.signal();
    });
    EXPECT_TRUE(poll_until([&] { return seen >= 0; }));
    EXPECT_EQ(seen, i);
    signaller.join();
  }
}

}  // namespace
}  // namespace conformance
