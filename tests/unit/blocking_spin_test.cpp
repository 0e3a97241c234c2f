// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Blocking waits that spin before they sleep: what ends the spin, when there is none, and that misuse beside a spinning
/// wait is told although the word says idle. The tests set the policy of their waiting threads, so that a spin lasts as
/// long as they need.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <thread>

#include "event/blocking.hpp"
#include "pool_fixture.hpp"
#include "together.hpp"

namespace {

using namespace std::chrono_literals;
using chime::errc;
using chime::signal_result;
using chime::detail::blocking_spin;
using chime::detail::spin_policy;
using chime_test::acquire_from;
using chime_test::cell_of;
using chime_test::error_of;
using chime_test::eventually;
using chime_test::patience;
using chime_test::phase;
using chime_test::phase_of;

constexpr std::chrono::milliseconds longest_of_all = 1s;  // what the policy allows

class BlockingSpin : public testing::Test {
 protected:
  BlockingSpin() {
    EXPECT_TRUE(pool.open());
    ev = acquire_from(pool);
  }
  /// A thread that waits with this policy. `started` is raised right before the wait.
  template <class Wait>
  [[nodiscard]] std::jthread waiting(std::chrono::nanoseconds spin, Wait wait) {
    return std::jthread([this, spin, wait] {
      blocking_spin = spin_policy(spin);
      started = true;
      wait();
    });
  }
  [[nodiscard]] bool has_started() {
    return eventually([&] { return started.load(); });
  }

  chime::event_pool pool;
  chime::event ev;
  std::atomic<bool> started = false;
};

long sleeps_of_this_thread() {
  rusage used = {};
  EXPECT_EQ(::getrusage(RUSAGE_THREAD, &used), 0);
  return used.ru_nvcsw;
}

TEST_F(BlockingSpin, D6_ASignalThatComesDuringTheSpinEndsTheWaitWithoutASleep) {
  long slept = -1;
  std::error_code error;
  unsigned payload = 0;  // plain: ordered by the event alone
  unsigned seen = 0;
  {
    const std::jthread waiter = waiting(longest_of_all, [&] {
      const long before = sleeps_of_this_thread();
      error = error_of(ev.wait_until(chime::clock::now() + patience));
      seen = payload;
      slept = sleeps_of_this_thread() - before;
    });
    ASSERT_TRUE(has_started());
    EXPECT_NE(phase_of(ev), phase::blocked);
    payload = 42;
    EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
  }
  EXPECT_FALSE(error) << error.message();
  EXPECT_EQ(seen, 42U);
  EXPECT_EQ(slept, 0);
  EXPECT_EQ(phase_of(ev), phase::idle) << "the signal is consumed";
}

TEST_F(BlockingSpin, D6_OfTwoSignalsDuringTheSpinNoneIsLost) {
  const chime::ticket t = ev.get_ticket();
  for (unsigned i = 0; i < 200; ++i) {
    started = false;
    signal_result second = signal_result::stale;
    std::error_code error;
    {
      const std::jthread waiter =
          waiting(longest_of_all, [&] { error = error_of(ev.wait_until(chime::clock::now() + patience)); });
      ASSERT_TRUE(has_started());
      EXPECT_EQ(t.signal(), signal_result::delivered);
      second = t.signal();
    }
    ASSERT_FALSE(error) << error.message();
    const bool kept = ev.wait_until(chime::time_point::min()).has_value();
    ASSERT_EQ(kept, second == signal_result::delivered);
    ASSERT_NE(second, signal_result::stale);
  }
}

TEST_F(BlockingSpin, D6_ADeadlineEndsTheSpin) {
  const auto timeout = 2ms;
  bool on_time = false;
  std::error_code error;
  {
    const std::jthread waiter = waiting(longest_of_all, [&] {
      const auto deadline = chime::clock::now() + timeout;
      error = error_of(ev.wait_until(deadline));
      const auto late = chime::clock::now() - deadline;
      on_time = late >= 0ns && late < 500ms;
    });
  }
  EXPECT_EQ(error, errc::timed_out);
  EXPECT_TRUE(on_time);
  EXPECT_EQ(phase_of(ev), phase::idle);
}

TEST_F(BlockingSpin, D6_AVainSpinEndsInASleepThatASignalEnds) {
  std::error_code error = make_error_code(chime::fault::polling);
  {
    const std::jthread waiter = waiting(1us, [&] { error = error_of(ev.wait_until(chime::clock::now() + patience)); });
    EXPECT_TRUE(eventually([&] { return phase_of(ev) == phase::blocked; }));
    EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
  }
  EXPECT_FALSE(error) << error.message();
}

TEST_F(BlockingSpin, WhatIsDueAlreadyTeachesNothing) {
  const auto before = blocking_spin;
  blocking_spin = spin_policy(longest_of_all);
  for (unsigned i = 0; i < 10; ++i) EXPECT_EQ(error_of(ev.wait_until(chime::time_point::min())), errc::timed_out);
  EXPECT_TRUE(blocking_spin.should_spin());
  blocking_spin = before;
}

class BlockingSpinDeathTest : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  /// An event whose holder's thread spins in a wait, or soon will; `disturb` gets it until the program has stopped.
  template <class Disturb>
  static void beside_a_spinning_wait(Disturb disturb) {
    chime::event_pool pool;
    if (!pool.open()) return;
    auto ev = acquire_from(pool);
    std::atomic<bool> started = false;
    std::jthread waiter([&] {
      blocking_spin = spin_policy(longest_of_all);
      started = true;
      (void)ev.wait_until(chime::clock::now() + patience);
    });
    if (!eventually([&] { return started.load(); })) return;
    disturb(ev);
  }
};

/// A wait that sleeps, and a signaller that is between its swap and its wake when `disturb` runs.
class BlockingWokenDeathTest : public BlockingSpin {
 protected:
  BlockingWokenDeathTest() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  template <class Disturb>
  void before_the_wake(Disturb disturb) {
    std::jthread waiter([&] {
      blocking_spin = spin_policy();
      (void)ev.wait_until(chime::clock::now() + patience);
    });
    if (!eventually([&] { return phase_of(ev) == phase::blocked; })) return;
    std::this_thread::sleep_for(10ms);  // it sleeps
    auto& cell = cell_of(ev);
    (void)cell.word.signal(cell.word.peek().generation());
    disturb(ev);
    chime::detail::unblock(cell);
    std::this_thread::sleep_for(1s);
    std::_Exit(0);  // the waiter need not have returned
  }
};

TEST_F(BlockingWokenDeathTest, D3_ASecondWaitBesideAWokenOneStopsTheProgram) {
  EXPECT_DEATH(before_the_wake([](chime::event& held) { (void)held.wait(); }),
               "chime: an event was released, or waited for, by another thread during a wait");
}

TEST_F(BlockingWokenDeathTest, D3_AReleaseBesideAWokenWaitStopsTheProgram) {
  EXPECT_DEATH(before_the_wake([](chime::event& held) { chime::detail::release(cell_of(held)); }),
               "chime: an event was released, or waited for, by another thread during a wait");
}

TEST_F(BlockingWokenDeathTest, D3_TheNextUsesSignalIsNotTakenByAWaitOfTheLast) {
  EXPECT_DEATH(before_the_wake([](chime::event& held) {
                 auto& word = cell_of(held).word;
                 word.retire(word.peek().next_use());
                 word.take();
                 (void)word.signal(word.peek().generation());
               }),
               "chime: an event was released, or waited for, by another thread during a wait");
}

TEST_F(BlockingSpinDeathTest, D3_ReleaseBesideASpinningWaitStopsTheProgram) {
  EXPECT_DEATH(beside_a_spinning_wait([](chime::event& ev) {
                 chime::detail::release(cell_of(ev));  // by the cell, since the handle is the waiting thread's
                 std::this_thread::sleep_for(patience);
               }),
               "chime: an event was (released, or waited for, by another thread during a wait|waited for after it was "
               "released|released while its wait is in flight)");
}

/// What a second wait leaves behind that is over again before the spinning one looks. In one step, so that it is never caught
/// in between, where the word tells of it otherwise.
void pass_by(chime::detail::event_word& word) {
  auto& bits = *static_cast<std::atomic<std::uint64_t>*>(const_cast<void*>(word.address()));
  const auto before = word.peek();
  if (before.phase() != phase::idle) return;
  auto seen = before.bits();
  (void)bits.compare_exchange_strong(seen, before.next_wait(phase::idle).bits(), std::memory_order_relaxed);
}

// Only the waiter can tell.
TEST_F(BlockingSpinDeathTest, D3_TheSpinningWaitTellsOfAWaitThatCameAndWent) {
  EXPECT_DEATH(beside_a_spinning_wait([](chime::event& ev) {
                 for (const auto end = chime::clock::now() + patience; chime::clock::now() < end;)
                   pass_by(cell_of(ev).word);
                 std::_Exit(0);
               }),
               "chime: an event was released, or waited for, by another thread during a wait");
}

TEST_F(BlockingSpinDeathTest, D3_ASecondWaitBesideASpinningOneStopsTheProgram) {
  EXPECT_DEATH(beside_a_spinning_wait([](chime::event& ev) {
                 for (;;) (void)ev.wait_until(chime::time_point::min());
               }),
               "chime: an event was (released, or waited for, by another thread during a wait|waited for while another "
               "wait is in flight)");
}

}  // namespace
