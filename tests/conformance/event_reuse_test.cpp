// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A use of an event ends with its release: nothing of it reaches the next (D2, P12). Within a use one may wait again.
#include "world.hpp"

namespace conformance {
namespace {

struct event_reuse : in_world {
  void SetUp() override {
    in_world::SetUp();
    // One event, so that every acquire gets the same again.
    if (!IsSkipped() && !HasFailure()) open_pool({.initial_capacity = 1, .maximum_capacity = 1});
  }

  /// A wait that starts now and that nothing may complete but its own cancel.
  void expect_untouched(chime::event&& ev) {
    const chime::ticket t = ev.get_ticket();
    waiter& w = submit(std::move(ev));
    let_the_loop_see();
    EXPECT_EQ(w.outcome(), outcome::pending);
    EXPECT_TRUE(t.cancel());
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::cancelled);
    w.ev.reset();
  }
};
IN_EVERY_WORLD(event_reuse);

TEST_P(event_reuse, a_ticket_is_stale_after_the_release) {
  chime::event ev = acquire();
  const chime::ticket old = ev.get_ticket();
  waiter& w = submit(std::move(ev));
  old.signal();
  ASSERT_TRUE(complete(w));
  EXPECT_FALSE(old.expired());
  w.ev.reset();
  EXPECT_TRUE(old.expired());
  EXPECT_EQ(old.signal(), signal_result::stale);
  EXPECT_FALSE(old.cancel());
  EXPECT_EQ(pool.stats().stale_signals, 1U);
  expect_untouched(acquire());
}

TEST_P(event_reuse, a_late_ticket_does_not_touch_the_next_wait) {
  chime::event ev = acquire();
  const chime::ticket old = ev.get_ticket();
  ev.reset();
  chime::event next = acquire();
  const chime::ticket t = next.get_ticket();
  EXPECT_NE(t, old);
  EXPECT_EQ(old.signal(), signal_result::stale) << "while the next use is idle";
  waiter& w = submit(std::move(next));
  EXPECT_EQ(old.signal(), signal_result::stale);
  EXPECT_FALSE(old.cancel());
  let_the_loop_see();
  EXPECT_EQ(old.signal(), signal_result::stale);
  EXPECT_FALSE(old.cancel());
  let_the_loop_see();
  EXPECT_EQ(w.outcome(), outcome::pending);
  EXPECT_EQ(t.signal(), signal_result::delivered);
  ASSERT_TRUE(complete(w));
  EXPECT_EQ(w.outcome(), outcome::success);
  EXPECT_EQ(pool.stats().stale_signals, 3U);
}

TEST_P(event_reuse, an_event_that_was_signalled_and_released_without_a_wait_does_not_come_back_signalled) {
  for (int i = 0; i < 3; ++i) {
    chime::event ev = acquire();
    EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
    ev.reset();
    expect_untouched(acquire());
  }
}

TEST_P(event_reuse, a_signal_that_was_kept_after_a_cancel_is_dropped_by_the_release) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  waiter& w = submit(std::move(ev));
  let_the_loop_see();
  EXPECT_TRUE(t.cancel());
  EXPECT_EQ(t.signal(), signal_result::delivered);
  ASSERT_TRUE(complete(w));
  EXPECT_EQ(w.outcome(), outcome::cancelled);
  w.ev.reset();
  expect_untouched(acquire());
}

TEST_P(event_reuse, waits_again_after_a_timeout) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  waiter& first = submit(std::move(ev), clock::now() + 200us);
  ASSERT_TRUE(complete(first));
  ASSERT_EQ(first.outcome(), outcome::timed_out);
  waiter& second = submit(std::move(first.ev));
  let_the_loop_see();
  EXPECT_EQ(second.outcome(), outcome::pending);
  EXPECT_EQ(t.signal(), signal_result::delivered);
  ASSERT_TRUE(complete(second));
  EXPECT_EQ(second.outcome(), outcome::success);
  EXPECT_EQ(first.completions, 1);
}

TEST_P(event_reuse, waits_again_after_a_cancel) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  for (const bool seen : {false, true}) {
    waiter& w = submit(std::move(ev));
    if (seen) let_the_loop_see();
    EXPECT_TRUE(t.cancel());
    EXPECT_FALSE(t.cancel()) << "its outcome stands";
    ASSERT_TRUE(complete(w));
    ASSERT_EQ(w.outcome(), outcome::cancelled);
    EXPECT_FALSE(t.cancel()) << "nothing waits";
    ev = std::move(w.ev);
  }
  waiter& last = submit(std::move(ev));
  let_the_loop_see();
  EXPECT_EQ(t.signal(), signal_result::delivered);
  ASSERT_TRUE(complete(last));
  EXPECT_EQ(last.outcome(), outcome::success);
}

TEST_P(event_reuse, a_signal_that_comes_after_a_cancel_is_kept_for_the_next_wait) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  for (const bool seen : {false, true}) {
    waiter& w = submit(std::move(ev));
    if (seen) let_the_loop_see();
    EXPECT_TRUE(t.cancel());
    EXPECT_EQ(t.signal(), signal_result::delivered);
    EXPECT_EQ(t.signal(), signal_result::coalesced);
    ASSERT_TRUE(complete(w));
    ASSERT_EQ(w.outcome(), outcome::cancelled);
    waiter& next = submit(std::move(w.ev));
    ASSERT_TRUE(complete(next));
    EXPECT_EQ(next.outcome(), outcome::success);
    ev = std::move(next.ev);
  }
  expect_untouched(std::move(ev));
}

TEST_P(event_reuse, cancel_after_a_signal_is_too_late) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  for (const bool seen : {false, true}) {
    waiter& w = submit(std::move(ev));
    if (seen) let_the_loop_see();
    EXPECT_EQ(t.signal(), signal_result::delivered);
    EXPECT_FALSE(t.cancel());
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::success);
    ev = std::move(w.ev);
  }
}

TEST_P(event_reuse, cancel_of_an_event_that_does_not_wait_is_refused) {
  chime::event ev = acquire();
  EXPECT_FALSE(ev.get_ticket().cancel());
  ev.get_ticket().signal();
  EXPECT_FALSE(ev.get_ticket().cancel());
  waiter& w = submit(std::move(ev));
  ASSERT_TRUE(complete(w));
  EXPECT_EQ(w.outcome(), outcome::success);
}

TEST_P(event_reuse, a_default_made_ticket_is_stale) {
  const chime::ticket nothing;
  EXPECT_EQ(nothing.signal(), signal_result::stale);
  EXPECT_FALSE(nothing.cancel());
  EXPECT_TRUE(nothing.expired());
}

TEST_P(event_reuse, a_use_may_wait_hundreds_of_times) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  for (int i = 0; i < 300; ++i) {
    waiter& w = submit(std::move(ev), i % 3 == 0 ? clock::now() + 1h : chime::never);
    if (i % 2 == 0) let_the_loop_see();
    EXPECT_EQ(t.signal(), signal_result::delivered);
    ASSERT_TRUE(complete(w));
    ASSERT_EQ(w.outcome(), outcome::success);
    ev = std::move(w.ev);
  }
  expect_untouched(std::move(ev));
}

TEST_P(event_reuse, a_worker_that_outlives_the_deadline_of_its_job_changes_nothing) {
  chime::event job = acquire();
  const chime::ticket t = job.get_ticket();
  std::atomic<bool> deadline_is_over{false};
  std::thread worker([&, t] {
    EXPECT_TRUE(eventually([&] { return deadline_is_over.load(); }));
    EXPECT_TRUE(t.expired());
    EXPECT_EQ(t.signal(), signal_result::stale);
  });
  waiter& w = submit(std::move(job), clock::now() + 500us);
  EXPECT_TRUE(complete(w));
  EXPECT_EQ(w.outcome(), outcome::timed_out);
  w.ev.reset();
  chime::event next = acquire();
  const chime::ticket next_ticket = next.get_ticket();
  waiter& n = submit(std::move(next));
  deadline_is_over = true;
  worker.join();
  let_the_loop_see();
  EXPECT_EQ(n.outcome(), outcome::pending);
  EXPECT_EQ(pool.stats().stale_signals, 1U);
  EXPECT_EQ(next_ticket.signal(), signal_result::delivered);
  ASSERT_TRUE(complete(n));
  EXPECT_EQ(n.outcome(), outcome::success);
}

}  // namespace
}  // namespace conformance
