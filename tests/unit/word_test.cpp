// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The event's word: every transition of its table from every phase, those that are refused included.
#include "chime/detail/word.hpp"

#include <gtest/gtest.h>

#include <array>
#include <ostream>

namespace chime::detail {

void PrintTo(phase p, std::ostream* out) {
  constexpr std::array names = {"free",    "idle",    "signalled",        "queued",
                                "armed",   "fired",   "stopped",          "stopped_signalled",
                                "blocked", "reading", "reading_cancelled"};
  *out << names.at(static_cast<std::size_t>(p));
}

}  // namespace chime::detail

namespace {

using chime::detail::cancel_effect;
using chime::detail::event_word;
using chime::detail::phase;
using chime::detail::signal_effect;
using chime::detail::submit_effect;
using chime::detail::word_value;

constexpr std::array every_phase = {phase::free,    phase::idle,    phase::signalled,        phase::queued,
                                    phase::armed,   phase::fired,   phase::stopped,          phase::stopped_signalled,
                                    phase::blocked, phase::reading, phase::reading_cancelled};

constexpr std::uint64_t generation = 77;
constexpr std::uint64_t attempt = 5;

word_value in(phase p) { return {generation, attempt, p}; }

/// The word is in this phase of the same use, and of the same wait.
void expect_same_wait(const event_word& word, phase p) {
  EXPECT_EQ(word.peek().phase(), p);
  EXPECT_EQ(word.peek().generation(), generation);
  EXPECT_EQ(word.peek().attempt(), attempt);
}

/// A transition that leaves one phase only: checks it from that phase, and its refusal from all others.
template <class Transition>
void expect_only(phase from, phase to, Transition transition) {
  for (const phase p : every_phase) {
    SCOPED_TRACE(testing::PrintToString(p));
    event_word word(in(p));
    EXPECT_EQ(transition(word), p == from);
    expect_same_wait(word, p == from ? to : p);
  }
}

TEST(EventWordValue, KeepsItsFieldsApart) {
  const word_value v{word_value::last_generation, word_value::attempt_limit, phase::blocked};
  EXPECT_EQ(v.generation(), word_value::last_generation);
  EXPECT_EQ(v.attempt(), word_value::attempt_limit);
  EXPECT_EQ(v.phase(), phase::blocked);
  const word_value moved = v.with(phase::free);
  EXPECT_EQ(moved.generation(), word_value::last_generation);
  EXPECT_EQ(moved.attempt(), word_value::attempt_limit);
  EXPECT_EQ(moved.phase(), phase::free);
  EXPECT_EQ(word_value::last_generation, (std::uint64_t{1} << 40U) - 1);
  EXPECT_EQ(word_value::attempt_limit, (std::uint64_t{1} << 20U) - 1);
}

TEST(EventWord, TakeLeadsFromFreeToIdleOfTheSameUse) {
  event_word word(in(phase::free));
  word.take();
  expect_same_wait(word, phase::idle);
}

TEST(EventWord, RestartMakesAnOperationsWordIdleWithItsWaitsCountedAnew) {
  for (const phase p : {phase::free, phase::idle}) {
    event_word word(word_value{0, word_value::attempt_limit - 1, p});
    word.restart();
    EXPECT_EQ(word.peek().bits(), (word_value{0, 0, phase::idle}.bits()));
  }
}

TEST(EventWord, E1_SignalFromEveryPhase) {
  struct row {
    phase from;
    phase to;
    signal_effect effect;
  };
  constexpr std::array table = {
      row{phase::free, phase::free, signal_effect::stale},
      row{phase::idle, phase::signalled, signal_effect::kept},
      row{phase::signalled, phase::signalled, signal_effect::coalesced},
      row{phase::queued, phase::fired, signal_effect::kept},
      row{phase::armed, phase::fired, signal_effect::push},
      row{phase::fired, phase::fired, signal_effect::coalesced},
      row{phase::stopped, phase::stopped_signalled, signal_effect::kept},
      row{phase::stopped_signalled, phase::stopped_signalled, signal_effect::coalesced},
      row{phase::blocked, phase::signalled, signal_effect::unblock},
      // Operations alone are read, and they are never signalled.
      row{phase::reading, phase::reading, signal_effect::coalesced},
      row{phase::reading_cancelled, phase::reading_cancelled, signal_effect::coalesced},
  };
  static_assert(table.size() == every_phase.size());
  for (const auto& [from, to, effect] : table) {
    SCOPED_TRACE(testing::PrintToString(from));
    event_word word(in(from));
    EXPECT_EQ(word.signal(generation), effect);
    expect_same_wait(word, to);
  }
}

TEST(EventWord, D2_SignalOfAnotherUseIsStaleInEveryPhase) {
  for (const phase p : every_phase) {
    for (const std::uint64_t other : {generation - 1, generation + 1, std::uint64_t{0}}) {
      SCOPED_TRACE(testing::PrintToString(p));
      event_word word(in(p));
      EXPECT_EQ(word.signal(other), signal_effect::stale);
      expect_same_wait(word, p);
    }
  }
}

TEST(EventWord, L2_CancelFromEveryPhase) {
  for (const phase p : every_phase) {
    SCOPED_TRACE(testing::PrintToString(p));
    event_word word(in(p));
    const cancel_effect effect = word.cancel(generation);
    switch (p) {
      case phase::armed:
        EXPECT_EQ(effect, cancel_effect::push);
        expect_same_wait(word, phase::stopped);
        break;
      case phase::queued:
        EXPECT_EQ(effect, cancel_effect::kept);
        expect_same_wait(word, phase::stopped);
        break;
      case phase::reading:
        EXPECT_EQ(effect, cancel_effect::none) << "what is being read will be told";
        expect_same_wait(word, phase::reading_cancelled);
        break;
      default:
        EXPECT_EQ(effect, cancel_effect::none);
        expect_same_wait(word, p);
    }
  }
}

TEST(EventWord, D2_CancelOfAnotherUseIsRefusedInEveryPhase) {
  for (const phase p : every_phase) {
    for (const std::uint64_t other : {generation - 1, generation + 1}) {
      SCOPED_TRACE(testing::PrintToString(p));
      event_word word(in(p));
      EXPECT_EQ(word.cancel(other), cancel_effect::none);
      expect_same_wait(word, p);
    }
  }
}

TEST(EventWord, SubmitOfAnIdleEventIsTheNextWait) {
  for (const phase rest : {phase::armed, phase::queued}) {
    event_word word(in(phase::idle));
    EXPECT_EQ(word.submit(rest), rest == phase::armed ? submit_effect::armed : submit_effect::push);
    EXPECT_EQ(word.peek().bits(), (word_value{generation, attempt + 1, rest}.bits()));
  }
}

TEST(EventWord, E2_SubmitOfASignalledEventFiresAtOnce) {
  for (const phase rest : {phase::armed, phase::queued}) {
    event_word word(in(phase::signalled));
    EXPECT_EQ(word.submit(rest), submit_effect::push);
    EXPECT_EQ(word.peek().bits(), (word_value{generation, attempt + 1, phase::fired}.bits()));
  }
}

TEST(EventWord, D3_OnlyIdleAndSignalledMayBeSubmittedOrReleased) {
  for (const phase p : every_phase) {
    SCOPED_TRACE(testing::PrintToString(p));
    const bool may = p == phase::idle || p == phase::signalled;
    EXPECT_EQ(event_word::releasable(in(p)), may);
    event_word word(in(p));
    EXPECT_EQ(word.submit(phase::armed) != submit_effect::misused, may);
    if (!may) expect_same_wait(word, p);
  }
}

TEST(EventWord, ArmOnlyFromQueued) {
  expect_only(phase::queued, phase::armed, [](event_word& w) { return w.arm(); });
}
TEST(EventWord, RequeueOnlyFromArmed) {
  expect_only(phase::armed, phase::queued, [](event_word& w) { return w.requeue(); });
}
TEST(EventWord, ExpireOnlyFromArmed) {
  expect_only(phase::armed, phase::idle, [](event_word& w) { return w.expire(); });
}
TEST(EventWord, ConsumeOnlyFromSignalled) {
  expect_only(phase::signalled, phase::idle, [](event_word& w) { return w.consume(w.peek().with(phase::blocked)); });
}
TEST(EventWord, UnblockOnlyFromBlocked) {
  expect_only(phase::blocked, phase::idle, [](event_word& w) { return w.unblock(w.peek().with(phase::blocked)); });
}

TEST(EventWord, DecideOnlyFromArmedAndQueued) {
  for (const phase outcome : {phase::fired, phase::stopped}) {
    for (const phase p : every_phase) {
      SCOPED_TRACE(testing::PrintToString(p));
      event_word word(in(p));
      const bool undecided = p == phase::armed || p == phase::queued;
      EXPECT_EQ(word.decide(outcome), undecided);
      expect_same_wait(word, undecided ? outcome : p);
    }
  }
}

TEST(EventWord, ReadingBeginsInArmedAndQueued) {
  for (const phase p : every_phase) {
    SCOPED_TRACE(testing::PrintToString(p));
    event_word word(in(p));
    const bool begins = p == phase::armed || p == phase::queued;
    EXPECT_EQ(word.begin_reading(), begins);
    expect_same_wait(word, begins ? phase::reading : p);
  }
}

TEST(EventWord, ReadingEndsWithItsOutcomeEvenIfACancelCameMeanwhile) {
  for (const phase p : every_phase) {
    for (const phase outcome : {phase::fired, phase::stopped}) {
      SCOPED_TRACE(testing::PrintToString(p));
      event_word word(in(p));
      word.end_reading(outcome);
      const bool ends = p == phase::reading || p == phase::reading_cancelled;
      expect_same_wait(word, ends ? outcome : p);
    }
  }
}

TEST(EventWord, ReadingNothingGoesOnWaitingUnlessACancelCameMeanwhile) {
  for (const phase p : every_phase) {
    SCOPED_TRACE(testing::PrintToString(p));
    event_word word(in(p));
    EXPECT_EQ(word.read_nothing(), p == phase::reading);
    phase then = p;
    if (p == phase::reading) then = phase::queued;
    if (p == phase::reading_cancelled) then = phase::stopped;
    expect_same_wait(word, then);
  }
}

TEST(EventWord, KeepSignalOnlyInStopped) {
  for (const phase p : every_phase) {
    SCOPED_TRACE(testing::PrintToString(p));
    event_word word(in(p));
    word.keep_signal();
    expect_same_wait(word, p == phase::stopped ? phase::stopped_signalled : p);
  }
}

TEST(EventWord, L4_FinishDeliversTheOutcomeAndKeepsASignalThatCameAfterACancel) {
  struct row {
    phase from;
    phase to;
  };
  for (const auto& [from, to] : {row{phase::fired, phase::idle}, row{phase::stopped, phase::idle},
                                 row{phase::stopped_signalled, phase::signalled}}) {
    SCOPED_TRACE(testing::PrintToString(from));
    event_word word(in(from));
    EXPECT_EQ(word.finish().bits(), in(from).bits());
    expect_same_wait(word, to);
  }
}

TEST(EventWord, D6_BlockFromEveryPhase) {
  for (const phase p : every_phase) {
    SCOPED_TRACE(testing::PrintToString(p));
    event_word word(in(p));
    EXPECT_EQ(word.block(in(p)).phase(), p);
    if (p == phase::idle) {
      EXPECT_EQ(word.peek().bits(), (word_value{generation, attempt + 1, phase::blocked}.bits()));
    } else if (p == phase::signalled) {
      EXPECT_EQ(word.peek().bits(), (word_value{generation, attempt + 1, phase::idle}.bits()));
    } else {
      expect_same_wait(word, p);
    }
  }
}

TEST(EventWord, D3_BlockLeavesAWordAloneThatAnotherThreadWaitedForOrReleased) {
  const word_value before{generation, attempt, phase::idle};
  for (const phase p : {phase::idle, phase::signalled}) {
    for (const word_value now : {word_value{generation, attempt + 1, p}, word_value{generation + 1, attempt, p}}) {
      event_word word(now);
      EXPECT_EQ(word.block(before).bits(), now.bits());
      EXPECT_EQ(word.peek().bits(), now.bits());
    }
    event_word word(word_value{generation, attempt, p});
    EXPECT_TRUE(word.block(before).same_wait(before)) << "a signal is no offence";
  }
}

TEST(EventWord, D2_RetireMakesTheNextUseUnsignalledAndItsWaitsUncounted) {
  for (const phase p : {phase::idle, phase::signalled}) {
    event_word word(in(p));
    word.retire(word.peek().next_use());
    EXPECT_EQ(word.peek().bits(), (word_value{generation + 1, 0, phase::free}.bits()));
  }
}

TEST(EventWord, D3_RetireExactOnlyFromIdleAndSignalled) {
  for (const phase p : every_phase) {
    SCOPED_TRACE(testing::PrintToString(p));
    event_word word(in(p));
    const bool allowed = p == phase::idle || p == phase::signalled;
    EXPECT_EQ(word.retire_exact(), allowed);
    if (allowed) {
      EXPECT_EQ(word.peek().bits(), (word_value{generation + 1, 0, phase::free}.bits()));
    } else {
      expect_same_wait(word, p);
    }
  }
}

TEST(EventWord, AUseIsOverOnceAnotherGenerationStands) {
  event_word word(in(phase::idle));
  EXPECT_FALSE(word.is_over(generation));
  EXPECT_TRUE(word.is_over(generation - 1));
  word.retire(word.peek().next_use());
  EXPECT_TRUE(word.is_over(generation));
}

}  // namespace
