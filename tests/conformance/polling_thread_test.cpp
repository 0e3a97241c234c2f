// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Which thread may poll, and when a loop may be opened and closed (L1, L2, D3).
#include "world.hpp"

namespace conformance {
namespace {

using polling_thread = in_world;
ON_EVERY_BACKEND(polling_thread);

TEST_P(polling_thread, need_not_be_the_one_that_opened_the_loop) {
  ASSERT_NO_FATAL_FAILURE(open_pool());
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  waiter& w = submit(std::move(ev));
  waiter& timer = make_waiter();
  loop.submit(make_operation(), timer, clock::now() + 1ms);
  t.signal();
  std::thread([&] {
    EXPECT_TRUE(complete(w));
    EXPECT_TRUE(complete(timer));
  }).join();
  EXPECT_EQ(w.outcome(), outcome::success);
  EXPECT_EQ(timer.outcome(), outcome::success);
}

TEST_P(polling_thread, is_the_only_one_that_may_poll) {
  ASSERT_TRUE(loop.poll());
  std::thread([&] {
    for (int i = 0; i < 3; ++i) {
      const auto polled = loop.poll();
      ASSERT_FALSE(polled);
      EXPECT_EQ(polled.error(), chime::fault::second_polling_thread);
      EXPECT_TRUE(polled.error() == chime::errc::wrong_thread);
    }
    const auto ran = loop.run();
    ASSERT_FALSE(ran);
    EXPECT_TRUE(ran.error() == chime::errc::wrong_thread);
  }).join();
  waiter& w = make_waiter();
  loop.submit(make_operation(), w);
  EXPECT_TRUE(complete(w)) << "the first thread polls on undisturbed";
}

TEST_P(polling_thread, stays_bound_while_it_sleeps) {
  runner r(loop);
  r.until_asleep();
  const auto polled = loop.poll();
  ASSERT_FALSE(polled);
  EXPECT_TRUE(polled.error() == chime::errc::wrong_thread);
}

TEST_P(polling_thread, is_chosen_by_the_first_poll_of_many) {
  for (int round = 0; round < 10; ++round) {
    std::atomic<int> winners{0};
    std::atomic<int> refused{0};
    meeting start(3);
    const auto poll = [&] {
      start.arrive();
      const auto polled = loop.poll();
      if (polled) {
        ++winners;
      } else if (polled.error() == chime::errc::wrong_thread) {
        ++refused;
      }
    };
    std::thread a(poll);
    std::thread b(poll);
    poll();
    a.join();
    b.join();
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(refused, 2);
    ASSERT_TRUE(loop.close());
    ASSERT_TRUE(loop.open(on_this_backend()));
  }
}

TEST_P(polling_thread, may_not_poll_run_or_close_from_inside_a_completion) {
  bool ran = false;
  auto callback = [&](chime::completion&&) {
    ran = true;
    const auto polled = loop.poll();
    ASSERT_FALSE(polled);
    EXPECT_EQ(polled.error(), chime::fault::polling);
    const auto nested = loop.run();
    ASSERT_FALSE(nested);
    EXPECT_EQ(nested.error(), chime::fault::polling);
    const auto closed = loop.close();
    ASSERT_FALSE(closed);
    EXPECT_TRUE(closed.error() == chime::errc::busy);
  };
  chime::operation& op = make_operation();
  loop.submit(op, callback);
  ASSERT_TRUE(poll_until([&] { return ran; }));
  waiter& w = make_waiter();
  loop.submit(op, w);
  EXPECT_TRUE(complete(w)) << "nothing was changed";
}

TEST_P(polling_thread, close_is_refused_while_a_pool_is_open_and_changes_nothing) {
  ASSERT_NO_FATAL_FAILURE(open_pool());
  for (int i = 0; i < 2; ++i) {
    const auto closed = loop.close();
    ASSERT_FALSE(closed);
    EXPECT_EQ(closed.error(), chime::fault::pools_open);
    EXPECT_TRUE(closed.error() == chime::errc::busy);
    chime::event ev = acquire();
    const chime::ticket t = ev.get_ticket();
    waiter& w = submit(std::move(ev));
    EXPECT_FALSE(loop.close());
    t.signal();
    ASSERT_TRUE(complete(w));
    w.ev.reset();
  }
  EXPECT_EQ(pool.close(), 0U);
  EXPECT_TRUE(loop.close());
}

TEST_P(polling_thread, close_is_refused_while_operations_are_in_flight_and_changes_nothing) {
  chime::operation& timer = make_operation();
  waiter& w = make_waiter();
  loop.submit(timer, w, clock::now() + 1h);
  for (const bool seen : {false, true}) {
    if (seen) let_the_loop_see();
    const auto closed = loop.close();
    ASSERT_FALSE(closed);
    EXPECT_EQ(closed.error(), chime::fault::operations_in_flight);
    EXPECT_TRUE(closed.error() == chime::errc::busy);
  }
  EXPECT_TRUE(loop.cancel(timer));
  EXPECT_FALSE(loop.close()) << "cancelled, and not completed yet";
  ASSERT_TRUE(complete(w));
  EXPECT_EQ(w.outcome(), outcome::cancelled);
  EXPECT_TRUE(loop.close());
}

TEST_P(polling_thread, a_closed_loop_says_so) {
  EXPECT_EQ(loop.open(on_this_backend()).error(), chime::fault::loop_already_open);
  ASSERT_TRUE(loop.close());
  const auto closed_again = loop.close();
  ASSERT_FALSE(closed_again);
  EXPECT_EQ(closed_again.error(), chime::fault::loop_closed);
  EXPECT_EQ(loop.poll().error(), chime::fault::loop_closed);
  EXPECT_EQ(loop.run().error(), chime::fault::loop_closed);
  EXPECT_TRUE(loop.poll().error() == chime::errc::closed);
  EXPECT_EQ(pool.open(loop).error(), chime::fault::loop_closed);
  EXPECT_EQ(loop.backend(), "");
}

TEST_P(polling_thread, a_loop_may_be_opened_again_and_polled_by_another_thread) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_NO_FATAL_FAILURE(open_pool());
    std::thread([&] {
      chime::event ev = acquire();
      const chime::ticket t = ev.get_ticket();
      waiter w;
      std::move(ev).submit(w);
      t.signal();
      EXPECT_TRUE(complete(w));
    }).join();
    EXPECT_EQ(loop.stats().completions, 1U) << "counted since open";
    ASSERT_EQ(pool.close(), 0U);
    ASSERT_TRUE(loop.close());
    ASSERT_TRUE(loop.open(on_this_backend()));
  }
}

TEST_P(polling_thread, a_batch_of_nothing_is_refused) {
  ASSERT_TRUE(loop.close());
  const auto opened = loop.open(on_this_backend(0));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), chime::fault::batch_zero);
}

}  // namespace
}  // namespace conformance
