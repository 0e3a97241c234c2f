// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The ends of the word's counters, and its races: one winner for each wait, and no write before a signal is missed.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>

#include "chime/detail/word.hpp"
#include "together.hpp"

namespace {

using chime::detail::cancel_effect;
using chime::detail::event_word;
using chime::detail::phase;
using chime::detail::signal_effect;
using chime::detail::submit_effect;
using chime::detail::word_value;

constexpr std::uint64_t limit = word_value::attempt_limit;

TEST(EventWordLimits, TheLastWaitBeforeTheLimitIsStillServed) {
  event_word word(word_value{7, limit - 2, phase::idle});
  EXPECT_EQ(word.submit(phase::armed), submit_effect::armed);
  EXPECT_EQ(word.peek().bits(), (word_value{7, limit - 1, phase::armed}.bits()));
  EXPECT_FALSE(word.peek().refused());
}

TEST(EventWordLimits, AWaitAtTheLimitIsRefusedByWayOfTheLoop) {
  for (const std::uint64_t waited : {limit - 1, limit}) {
    for (const phase rest : {phase::armed, phase::queued}) {
      event_word word(word_value{7, waited, phase::idle});
      EXPECT_EQ(word.submit(rest), submit_effect::push);
      EXPECT_EQ(word.peek().bits(), (word_value{7, limit, phase::stopped}.bits()));
      EXPECT_TRUE(word.finish().refused());
      EXPECT_EQ(word.peek().phase(), phase::idle);
    }
  }
}

TEST(EventWordLimits, ARefusedWaitKeepsTheSignal) {
  event_word word(word_value{7, limit - 1, phase::signalled});
  EXPECT_EQ(word.submit(phase::armed), submit_effect::push);
  EXPECT_EQ(word.peek().phase(), phase::stopped_signalled);
  EXPECT_TRUE(word.finish().refused());
  EXPECT_EQ(word.peek().phase(), phase::signalled);
  EXPECT_TRUE(event_word::releasable(word.peek()));
}

TEST(EventWordLimits, ABlockingWaitAtTheLimitIsRefusedAndChangesNothing) {
  for (const phase p : {phase::idle, phase::signalled}) {
    for (const std::uint64_t waited : {limit - 1, limit}) {
      const word_value before{7, waited, p};
      event_word word(before);
      EXPECT_TRUE(word.block(before).refused());
      EXPECT_EQ(word.peek().bits(), before.bits());
    }
  }
}

TEST(EventWordLimits, TheNextUseWaitsFromZeroAgain) {
  event_word word(word_value{7, limit, phase::idle});
  word.retire(word.peek().next_use());
  word.take();
  EXPECT_EQ(word.submit(phase::armed), submit_effect::armed);
  EXPECT_EQ(word.peek().attempt(), 1U);
}

TEST(EventWordLimits, D2_TheLastGenerationIsReachedWithoutWrappingIntoAnother) {
  event_word word(word_value{word_value::last_generation, 3, phase::idle});
  word.retire(word.peek().next_use());
  EXPECT_EQ(word.peek().bits(), (word_value{0}.bits()));
  EXPECT_EQ(word.signal(word_value::last_generation), signal_effect::stale);
  EXPECT_EQ(word.signal(0), signal_effect::stale);
}

TEST(EventWordRace, L4_OneOfSignalCancelAndDeadlineWinsEachWait) {
  constexpr unsigned rounds = 3000;
  event_word word(word_value{1, 0, phase::idle});
  std::atomic<unsigned> winners = 0;
  std::array<unsigned, 3> won = {};
  unsigned wrong_rounds = 0;
  const auto next_round = [&]() noexcept {
    // Whoever won on armed, and a signal that came after another's win, leaves one of these.
    const phase p = word.peek().phase();
    const bool plausible = p == phase::idle || p == phase::fired || p == phase::stopped ||
                           p == phase::stopped_signalled || p == phase::signalled;
    if (winners.exchange(0) != 1 || !plausible) ++wrong_rounds;
    if (p != phase::idle && p != phase::signalled) (void)word.finish();
    (void)word.consume(word.peek());
  };
  std::barrier armed(3);
  std::barrier over(3, next_round);
  chime_test::together(3, [&](unsigned who) {
    for (unsigned round = 0; round < rounds; ++round) {
      if (who == round % 3) (void)word.submit(phase::armed);
      armed.arrive_and_wait();
      const bool mine = who == 0   ? word.signal(1) == signal_effect::push
                        : who == 1 ? word.cancel(1) == cancel_effect::push
                                   : word.expire();
      if (mine) {
        ++winners;
        ++won.at(who);
      }
      over.arrive_and_wait();
    }
  });
  EXPECT_EQ(wrong_rounds, 0U);
  EXPECT_EQ(won[0] + won[1] + won[2], rounds);
}

TEST(EventWordRace, E1_TheCompletionSeesTheWritesBeforeEverySignalCoalescedOnesToo) {
  constexpr unsigned rounds = 1000;
  constexpr unsigned signallers = 3;
  event_word word(word_value{1, 0, phase::idle});
  std::array<unsigned, signallers> data = {};  // plain on purpose: only the word orders it
  std::atomic<unsigned> sent = 0;              // relaxed: orders nothing
  std::atomic<unsigned> round_now = 0;
  unsigned unseen = 0;
  unsigned pushes = 0;
  (void)word.submit(phase::armed);
  std::atomic<unsigned> pushed = 0;
  chime_test::together(signallers + 1, [&](unsigned who) {
    for (unsigned round = 1; round <= rounds; ++round) {
      if (who < signallers) {
        data.at(who) = round;
        if (word.signal(1) == signal_effect::push) pushed.fetch_add(1, std::memory_order_relaxed);
        sent.fetch_add(1, std::memory_order_relaxed);
        while (round_now.load(std::memory_order_acquire) < round) std::this_thread::yield();
        continue;
      }
      while (sent.load(std::memory_order_relaxed) < signallers * round) std::this_thread::yield();
      (void)word.finish();
      for (const unsigned seen : data) unseen += seen == round ? 0 : 1;
      pushes += pushed.exchange(0, std::memory_order_relaxed);
      (void)word.submit(phase::armed);
      round_now.store(round, std::memory_order_release);
    }
  });
  EXPECT_EQ(unseen, 0U);
  EXPECT_EQ(pushes, rounds);
}

}  // namespace
