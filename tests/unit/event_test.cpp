// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Handles and tickets: what they say in every state of the event, and the misuse that stops the program.
#include <gtest/gtest.h>

#include <thread>
#include <type_traits>
#include <utility>

#include "event/submit.hpp"
#include "pool_fixture.hpp"
#include "together.hpp"

namespace {

using chime::errc;
using chime::fault;
using chime::signal_result;
using chime_test::acquire_from;
using chime_test::cell_of;
using chime_test::error_of;
using chime_test::expect_account;
using chime_test::phase;
using chime_test::phase_of;

constexpr auto now = chime::time_point::min();  // a deadline that has passed

static_assert(sizeof(chime::ticket) == 16 && std::is_trivially_copyable_v<chime::ticket>);
static_assert(sizeof(chime::event) == sizeof(void*) && !std::is_copy_constructible_v<chime::event>);
static_assert(std::is_nothrow_move_constructible_v<chime::event> && std::is_nothrow_move_assignable_v<chime::event>);

class Event : public testing::Test {
 protected:
  Event() { EXPECT_TRUE(pool.open({.initial_capacity = 2, .maximum_capacity = 2})); }

  chime::event_pool pool;
};

TEST_F(Event, IsEmptyByDefaultAndAfterItWasMovedFrom) {
  chime::event nothing;
  EXPECT_FALSE(nothing);
  nothing.reset();  // nothing to release
  auto ev = acquire_from(pool);
  EXPECT_TRUE(ev);
  nothing = std::move(ev);
  EXPECT_FALSE(ev);  // NOLINT(bugprone-use-after-move): that is the point
  EXPECT_TRUE(nothing);
  expect_account(pool, 1, 0, 1);
}

TEST_F(Event, IsReleasedByItsDestructorByResetAndWhenAnotherIsMovedIntoItsHandle) {
  {
    const auto ev = acquire_from(pool);
    expect_account(pool, 1, 0, 1);
  }
  expect_account(pool, 2, 0, 0);
  auto a = acquire_from(pool);
  auto b = acquire_from(pool);
  const auto* const place = &cell_of(b);
  a = std::move(b);
  EXPECT_EQ(&cell_of(a), place);
  expect_account(pool, 1, 0, 1);
  a.reset();
  a.reset();
  EXPECT_FALSE(a);
  expect_account(pool, 2, 0, 0);
}

TEST_F(Event, SurvivesBeingMovedIntoItself) {
  auto ev = acquire_from(pool);
  auto& same = ev;
  ev = std::move(same);
  EXPECT_TRUE(ev);
  expect_account(pool, 1, 0, 1);
}

TEST_F(Event, HasNoNativeHandleInAUserSpacePool) {
  auto ev = acquire_from(pool);
  EXPECT_EQ(error_of(ev.native()), fault::not_native);
  EXPECT_EQ(error_of(ev.native_signal()), errc::unsupported);
  ev.foreign_use_ended();  // means nothing here
  EXPECT_EQ(phase_of(ev), phase::idle);
}

TEST(Ticket, ADefaultMadeOneIsStale) {
  constexpr chime::ticket none;
  EXPECT_EQ(none.signal(), signal_result::stale);
  EXPECT_FALSE(none.cancel());
  EXPECT_TRUE(none.expired());
  EXPECT_EQ(none, chime::ticket{});
}

TEST_F(Event, E1_SignalsBeforeTheWaitCompletesCoalesceIntoOne) {
  auto ev = acquire_from(pool);
  const chime::ticket t = ev.get_ticket();
  EXPECT_EQ(t.signal(), signal_result::delivered);
  EXPECT_EQ(t.signal(), signal_result::coalesced);
  EXPECT_EQ(ev.get_ticket().signal(), signal_result::coalesced);
  EXPECT_TRUE(ev.wait_until(now));
  EXPECT_EQ(error_of(ev.wait_until(now)), errc::timed_out) << "three signals, one completion";
  EXPECT_EQ(t.signal(), signal_result::delivered) << "the ticket serves the whole use";
  EXPECT_TRUE(ev.wait_until(now));
  EXPECT_FALSE(t.expired());
}

TEST_F(Event, TicketsNameTheUse) {
  auto a = acquire_from(pool);
  auto b = acquire_from(pool);
  EXPECT_EQ(a.get_ticket(), a.get_ticket());
  EXPECT_NE(a.get_ticket(), b.get_ticket());
  EXPECT_NE(a.get_ticket(), chime::ticket{});
  const chime::ticket of_a = a.get_ticket();
  const auto moved = std::move(a);
  EXPECT_EQ(moved.get_ticket(), of_a);
}

TEST_F(Event, CancelWithoutAWaitIsRefusedAndChangesNothing) {
  auto ev = acquire_from(pool);
  EXPECT_FALSE(ev.get_ticket().cancel());
  EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
  EXPECT_FALSE(ev.get_ticket().cancel());
  EXPECT_TRUE(ev.wait_until(now));
}

TEST_F(Event, D2_LateSignalAndCancelDoNotReachTheNextUsesWait) {
  chime::proactor loop;
  ASSERT_TRUE(loop.open({.backend = "poll"}));
  chime::event_pool on_loop;
  ASSERT_TRUE(on_loop.open(loop, {.maximum_capacity = 1}));
  auto ev = acquire_from(on_loop);
  const chime::ticket old = ev.get_ticket();
  ev.reset();
  ev = acquire_from(on_loop);
  const chime::ticket fresh = ev.get_ticket();
  unsigned completions = 0;
  std::error_code error = make_error_code(fault::polling);  // anything but success
  auto done = [&](chime::completion&& c) {
    ++completions;
    error = c.error;
  };
  std::move(ev).submit(done);
  EXPECT_EQ(old.signal(), signal_result::stale);
  EXPECT_FALSE(old.cancel());
  EXPECT_EQ(loop.poll().value_or(99), 0U);
  EXPECT_EQ(fresh.signal(), signal_result::delivered);
  EXPECT_EQ(loop.poll().value_or(99), 1U);
  EXPECT_EQ(completions, 1U);
  EXPECT_FALSE(error);
}

TEST_F(Event, AUseServesExactlyAsManyWaitsAsPromised) {
  constexpr unsigned promised = 1'048'574;
  auto ev = acquire_from(pool);
  const chime::ticket t = ev.get_ticket();
  unsigned served = 0;
  for (; served <= promised; ++served) {
    (void)t.signal();
    if (!ev.wait_until(now)) break;
  }
  EXPECT_EQ(served, promised);
  EXPECT_EQ(error_of(ev.wait_until(now)), fault::waits_exhausted);
  EXPECT_EQ(error_of(ev.wait_until(chime::clock::now() + chime_test::patience)), errc::resource_exhausted);
  ev.reset();
  ev = acquire_from(pool);
  EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
  EXPECT_TRUE(ev.wait_until(now)) << "the next use counts anew";
}

TEST_F(Event, ASubmittedWaitBeyondTheLastIsRefusedWithAnErrorOfItsOwn) {
  chime::proactor loop;
  chime::event_pool on_loop;
  ASSERT_TRUE(loop.open({.backend = "poll"}));
  ASSERT_TRUE(on_loop.open(loop));
  auto ev = acquire_from(on_loop);
  chime_test::set_word(ev, {7, chime_test::word_value::attempt_limit - 1, phase::idle});
  std::error_code error;
  auto done = [&](chime::completion&& c) { error = c.error; };
  std::move(ev).submit(done);
  EXPECT_EQ(loop.poll().value_or(99), 1U);
  EXPECT_EQ(error, fault::waits_exhausted);
}

using EventDeathTest = chime_test::DeathTestSuite;

void ignore(void*, chime::completion&&) {}

TEST_F(EventDeathTest, UseOfAnEmptyHandleStopsTheProgram) {
  constexpr auto* message = "chime: an empty event was used; acquire one first";
  chime::event nothing;
  EXPECT_DEATH((void)nothing.get_ticket(), message);
  EXPECT_DEATH((void)nothing.wait(), message);
  EXPECT_DEATH((void)nothing.wait_until(now), message);
  EXPECT_DEATH((void)nothing.native(), message);
  EXPECT_DEATH((void)nothing.native_signal(), message);
  EXPECT_DEATH(nothing.foreign_use_ended(), message);
  EXPECT_DEATH(std::move(nothing).submit({ignore, nullptr}), message);
}

TEST_F(EventDeathTest, D3_SubmitWithoutALoopStopsTheProgram) {
  chime::event_pool pool;
  ASSERT_TRUE(pool.open());
  auto ev = acquire_from(pool);
  EXPECT_DEATH(std::move(ev).submit({ignore, nullptr}), "chime: an event of a pool without a loop was submitted");
}

TEST_F(EventDeathTest, D3_ASecondSubmitWhileTheWaitIsInFlightStopsTheProgram) {
  chime::proactor loop;
  chime::event_pool pool;
  ASSERT_TRUE(loop.open({.backend = "poll"}));
  ASSERT_TRUE(pool.open(loop));
  auto ev = acquire_from(pool);
  auto& c = cell_of(ev);
  std::move(ev).submit({ignore, nullptr});
  EXPECT_DEATH(chime::detail::submit(c, nullptr, nullptr, chime::never), "submitted while its wait is in flight");
  EXPECT_DEATH(chime::detail::release(c), "chime: an event was released while its wait is in flight");
  pool.cancel_all();
  EXPECT_EQ(loop.poll().value_or(99), 1U);
  EXPECT_DEATH(chime::detail::release(c), "chime: an event was released twice");
}

TEST_F(EventDeathTest, D3_ReleaseWhileAThreadBlocksStopsTheProgram) {
  const auto release_a_blocked_event = [] {
    chime::event_pool pool;
    if (!pool.open()) return;
    auto ev = acquire_from(pool);
    std::jthread waiter([&] { (void)ev.wait_until(chime::clock::now() + chime_test::patience); });
    // By the cell, since the handle itself is the waiting thread's.
    if (chime_test::eventually([&] { return phase_of(ev) == phase::blocked; })) {
      chime::detail::release(*chime::detail::cell::of(ev));
    }
  };
  EXPECT_DEATH(release_a_blocked_event(), "chime: an event was released while its wait is in flight");
}

TEST_F(EventDeathTest, D3_ASecondBlockingWaitStopsTheProgram) {
  const auto wait_twice = [] {
    chime::event_pool pool;
    if (!pool.open()) return;
    auto ev = acquire_from(pool);
    std::jthread waiter([&] { (void)ev.wait_until(chime::clock::now() + chime_test::patience); });
    if (chime_test::eventually([&] { return phase_of(ev) == phase::blocked; })) (void)ev.wait_until(now);
  };
  EXPECT_DEATH(wait_twice(), "chime: an event was waited for while another wait is in flight");
}

}  // namespace
