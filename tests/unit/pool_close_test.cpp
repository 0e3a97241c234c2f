// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The end of a pool: close counts what is out, frees when all is back, and the destructor insists on it. The end of a
/// use: nothing of it reaches the next.
#include <gtest/gtest.h>

#include <atomic>
#include <optional>

#include "counting_memory.hpp"
#include "pool_fixture.hpp"
#include "together.hpp"

namespace {

using namespace std::chrono_literals;
using chime::errc;
using chime::fault;
using chime::signal_result;
using chime_test::acquire_from;
using chime_test::cell_of;
using chime_test::counting_memory;
using chime_test::error_of;
using chime_test::expect_account;
using chime_test::phase;
using chime_test::phase_of;

TEST(EventPoolClose, P13_D3_SaysHowManyAreOutAndFreesOnceTheyAreBack) {
  counting_memory memory;
  chime::event_pool pool;
  ASSERT_TRUE(pool.open({.initial_capacity = 10, .memory = memory.get()}));
  auto events = acquire_from(pool, 3);
  EXPECT_EQ(pool.close(), 3U);
  EXPECT_GT(memory.bytes, 0U);
  EXPECT_EQ(error_of(pool.acquire()), fault::pool_closed) << "also while it is closing";
  EXPECT_EQ(error_of(pool.open()), fault::pool_already_open) << "also while it is closing";
  EXPECT_EQ(pool.close(), 3U) << "asking again changes nothing";
  events.pop_back();
  EXPECT_EQ(pool.close(), 2U);
  EXPECT_EQ(events[0].get_ticket().signal(), signal_result::delivered) << "those that are out go on working";
  EXPECT_TRUE(events[0].wait_until(chime::time_point::min()));
  events.clear();
  EXPECT_EQ(pool.close(), 0U);
  EXPECT_EQ(memory.bytes, 0U);
  EXPECT_EQ(pool.close(), 0U);
  EXPECT_EQ(error_of(pool.acquire()), errc::closed);
}

TEST(EventPoolClose, AClosedPoolCanBeOpenedAgainAsIfNew) {
  counting_memory memory;
  chime::event_pool pool;
  for (unsigned i = 0; i < 3; ++i) {
    ASSERT_TRUE(pool.open({.maximum_capacity = 2, .memory = memory.get()}));
    expect_account(pool, 0, 0, 0);
    EXPECT_EQ(pool.stats().stale_signals, 0U);
    {
      auto events = acquire_from(pool, 2);
      EXPECT_EQ(error_of(pool.acquire()), fault::pool_exhausted);
      const auto late = events[0].get_ticket();
      events.pop_back();
      events.clear();
      EXPECT_EQ(late.signal(), signal_result::stale);
      EXPECT_EQ(pool.stats().stale_signals, 1U);
    }
    ASSERT_EQ(pool.close(), 0U);
    EXPECT_EQ(memory.bytes, 0U);
  }
}

TEST(EventPoolClose, TheDestructorCloses) {
  counting_memory memory;
  {
    chime::event_pool pool;
    ASSERT_TRUE(pool.open({.initial_capacity = 100, .memory = memory.get()}));
  }
  EXPECT_EQ(memory.bytes, 0U);
}

TEST(EventPoolClose, WaitsInFlightAreOutUntilTheyWereCancelledAndPolled) {
  chime::proactor loop;
  ASSERT_TRUE(loop.open({.backend = "poll"}));
  chime::event_pool pool;
  ASSERT_TRUE(pool.open(loop, {}));
  unsigned cancelled = 0;
  auto done = [&](chime::completion&& c) { cancelled += c.error == errc::cancelled ? 1 : 0; };
  acquire_from(pool).submit(done);
  acquire_from(pool).submit(done, chime::clock::now() + 1h);
  expect_account(pool, 0, 0, 2);
  EXPECT_EQ(pool.close(), 2U);
  EXPECT_EQ(error_of(loop.close()), fault::pools_open);
  pool.cancel_all();
  pool.cancel_all();  // once is enough, twice does no harm
  EXPECT_TRUE(chime_test::eventually([&] { return loop.poll(1s).has_value() && cancelled == 2; }));
  EXPECT_EQ(pool.close(), 0U);
  EXPECT_TRUE(loop.close());
}

TEST(EventPoolClose, CancelAllTouchesNothingButWaitsOfALoop) {
  chime::event_pool pool;
  ASSERT_TRUE(pool.open({.initial_capacity = 3}));
  const auto idle = acquire_from(pool);
  const auto signalled = acquire_from(pool);
  ASSERT_EQ(signalled.get_ticket().signal(), signal_result::delivered);
  pool.cancel_all();
  EXPECT_EQ(phase_of(idle), phase::idle);
  EXPECT_EQ(phase_of(signalled), phase::signalled);
  expect_account(pool, 1, 0, 2);
}

TEST(EventPoolClose, EventsReleasedElsewhereAreCountedWhileCloseIsAskedAgain) {
  for (unsigned round = 0; round < 50; ++round) {
    counting_memory memory;
    chime::event_pool pool;
    ASSERT_TRUE(pool.open({.memory = memory.get()}));
    auto events = acquire_from(pool, 100);
    chime_test::together(2, [&](unsigned who) {
      if (who == 0) {
        for (auto& ev : events) ev.reset();
      } else {
        std::size_t before = 100;
        EXPECT_TRUE(chime_test::eventually([&] {
          const std::size_t out = pool.close();
          EXPECT_LE(out, before);
          before = out;
          return out == 0;
        }));
      }
    });
    EXPECT_EQ(memory.bytes, 0U);
  }
}

// The retired do not go through the free lists, so their way back must synchronise by itself.
TEST(EventPoolClose, EventsRetiredElsewhereAreCountedWhileCloseIsAskedAgain) {
  using namespace chime_test;
  for (unsigned round = 0; round < 50; ++round) {
    counting_memory memory;
    chime::event_pool pool;
    ASSERT_TRUE(pool.open({.memory = memory.get()}));
    auto events = acquire_from(pool, 3);
    for (const auto& ev : events) set_word(ev, {word_value::last_generation, 0, phase::idle});
    together(2, [&](unsigned who) {
      if (who == 0) {
        for (auto& ev : events) ev.reset();
      } else {
        EXPECT_TRUE(eventually([&] { return pool.close() == 0; }));
      }
    });
    EXPECT_EQ(memory.bytes, 0U);
  }
}

using EventPoolCloseDeathTest = chime_test::DeathTestSuite;

TEST_F(EventPoolCloseDeathTest, P13_D3_DestructionWithEventsOutStopsTheProgramAndCountsThem) {
  const auto destroy_with_three_out = [] {
    auto* const pool = new chime::event_pool;
    if (!pool->open({.initial_capacity = 5})) return;
    static auto events = acquire_from(*pool, 3);
    delete pool;
  };
  EXPECT_DEATH(destroy_with_three_out(), "chime: 3 events are out of a pool that is being destroyed");
}

TEST(EventReuse, D2_P12_ASignalledEventDoesNotComeBackSignalled) {
  chime::event_pool pool;
  ASSERT_TRUE(pool.open({.maximum_capacity = 1}));
  for (unsigned i = 0; i < 3; ++i) {
    auto ev = acquire_from(pool);
    EXPECT_EQ(phase_of(ev), phase::idle);
    EXPECT_EQ(error_of(ev.wait_until(chime::time_point::min())), errc::timed_out);
    EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
  }
  expect_account(pool, 1, 0, 0);
}

TEST(EventPoolClose, P13_InsideACompletionItCountsWhatThatCompletionReleased) {
  chime::proactor loop;
  chime::event_pool pool;
  ASSERT_TRUE(loop.open({.backend = "poll"}));
  ASSERT_TRUE(pool.open(loop));
  struct ending {
    chime::event_pool& pool;
    std::size_t out = 99;
    void done(chime::completion&& c) noexcept {
      c.ev.reset();
      out = pool.close();
    }
  } end{pool};
  auto ev = acquire_from(pool);
  (void)ev.get_ticket().signal();
  std::move(ev).submit(chime::callback::to<&ending::done>(end));
  EXPECT_EQ(loop.poll().value_or(99), 1U);
  EXPECT_EQ(end.out, 0U);
}

TEST(EventReuse, D2_ATicketOfAnEarlierUseIsStaleBeforeAndAfterTheEventIsUsedAgain) {
  chime::event_pool pool;
  ASSERT_TRUE(pool.open({.maximum_capacity = 1}));
  auto ev = acquire_from(pool);
  const auto* const place = &cell_of(ev);
  const chime::ticket old = ev.get_ticket();
  EXPECT_FALSE(old.expired());
  ev.reset();
  EXPECT_TRUE(old.expired());
  EXPECT_EQ(old.signal(), signal_result::stale);
  ev = acquire_from(pool);
  ASSERT_EQ(&cell_of(ev), place);
  EXPECT_TRUE(old.expired());
  EXPECT_EQ(old.signal(), signal_result::stale);
  EXPECT_FALSE(old.cancel());
  EXPECT_EQ(phase_of(ev), phase::idle);
  EXPECT_NE(old, ev.get_ticket());
  EXPECT_EQ(pool.stats().stale_signals, 2U);
  EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
  EXPECT_EQ(pool.stats().stale_signals, 2U);
}

TEST(EventReuse, D2_EveryUseHasAGenerationOfItsOwn) {
  chime::event_pool pool;
  ASSERT_TRUE(pool.open({.maximum_capacity = 1}));
  std::uint64_t before = 0;  // of operations, which have no uses
  for (unsigned i = 0; i < 1000; ++i) {
    const auto ev = acquire_from(pool);
    const auto now = cell_of(ev).word.peek();
    ASSERT_GT(now.generation(), before);
    ASSERT_EQ(now.attempt(), 0U);
    before = now.generation();
  }
}

}  // namespace
