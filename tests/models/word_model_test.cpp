// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The event's word (include/chime/detail/word.hpp) within one use: signal, submit, cancel, deadline and delivery.
#include "word_stage.hpp"

namespace explore = chime::explore;
using namespace chime::models;
using chime::detail::event_word;

namespace {

// Two signals, and waits until both are consumed.
template <class Word>
void two_signals() {
  stage<Word> s(fresh);
  explore::threads([&] { s.signal(0); }, [&] { s.signal(1); },
                   [&] {
                     while (!s.consumed[0] || !s.consumed[1]) {
                       s.submit(phase::armed);
                       s.complete(false);
                     }
                   });
  check(s.word.peek().phase() == phase::idle, "the event is not idle at the end");
}

TEST(word_model, two_signals_and_as_many_waits) {
  expect_holds({.preemptions = 4, .stale_reads = 2}, two_signals<event_word>);
}

// Twins: what goes wrong when a line of the word is written the obvious way.
struct coalesces_by_a_load : event_word {
  using event_word::event_word;
  signal_effect signal(std::uint64_t generation) noexcept {
    return peek().phase() == phase::fired ? signal_effect::coalesced : event_word::signal(generation);
  }
};
struct finishes_by_a_store : event_word {
  using event_word::event_word;
  word_value finish() noexcept {
    const word_value now = peek();
    take();
    return now;
  }
};

TEST(word_model, coalescing_by_a_load_breaks_it) {
  expect_breaks({.preemptions = 4}, "deadlock", two_signals<coalesces_by_a_load>);
}
TEST(word_model, delivery_by_a_store_breaks_it) {
  expect_breaks({.preemptions = 4}, "data race", two_signals<finishes_by_a_store>);
}

// A signal, a cancel, and waits until the signal is consumed: a cancel is told exactly when it won, and a signal that
// comes after it is kept for the next wait.
TEST(word_model, signal_against_cancel) {
  expect_holds({.preemptions = 5, .stale_reads = 2}, [] {
    stage<event_word> s(fresh);
    explore::threads([&] { s.signal(0); }, [&] { s.cancel(); },
                     [&] {
                       while (!s.consumed[0]) {
                         s.submit(phase::armed);
                         s.complete(false);
                       }
                     });
    check(s.word.peek().phase() == phase::idle && s.waits <= 2, "more than one wait beside the cancelled one");
  });
}

TEST(word_model, two_signals_against_cancel) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] {
    stage<event_word> s(fresh);
    explore::threads([&] { s.signal(0); }, [&] { s.signal(1); }, [&] { s.cancel(); },
                     [&] {
                       while (!s.consumed[0] || !s.consumed[1]) {
                         s.submit(phase::armed);
                         s.complete(false);
                       }
                     });
    check(s.word.peek().phase() == phase::idle, "the event is not idle at the end");
  });
}

// A wait with a deadline travels to the loop: until then nobody else may list it, though signal and cancel decide it.
// One thread submits, another is the loop.
template <class Word>
void deadline() {
  stage<Word> s(fresh);
  explore::threads([&] { s.signal(0); }, [&] { s.cancel(); }, [&] { s.submit(phase::queued); },
                   [&] { s.complete(true); });
  check(s.completions == 1, "no completion");
  check(s.timed_out || s.consumed[0] || !s.landed[0] || s.word.peek().phase() == phase::signalled, "a signal is lost");
  const phase rest = s.landed[0] ? phase::signalled : phase::idle;
  check(s.word.peek().phase() == rest, "the event is in the wrong phase at the end");
}

TEST(word_model, signal_against_cancel_against_deadline) {
  expect_holds({.preemptions = 3, .stale_reads = 2}, deadline<event_word>);
}

struct pushes_queued_waits : event_word {
  using event_word::event_word;
  cancel_effect cancel(std::uint64_t generation) noexcept {
    const cancel_effect effect = event_word::cancel(generation);
    return effect == cancel_effect::kept ? cancel_effect::push : effect;
  }
};

TEST(word_model, pushing_a_queued_wait_breaks_it) { expect_breaks({}, "data race", deadline<pushes_queued_waits>); }

// At the limit of attempts a submit is refused: the completion says so, and a signal is kept.
TEST(word_model, refused_wait_against_signal_and_cancel) {
  expect_holds({.preemptions = 4, .stale_reads = 2}, [] {
    stage<event_word> s(word_value{1, word_value::attempt_limit - 1, phase::idle});
    explore::threads([&] { s.signal(0); }, [&] { s.cancel(); },
                     [&] {
                       s.submit(phase::armed);
                       s.complete(false);
                     });
    check(s.completions == 1 && s.word.peek().phase() == phase::signalled, "the signal was not kept");
  });
}

// The kernel's part of a wait: its report against a canceller, who pushes what it has stopped; once it is over, and
// once for a reason that is no outcome.
TEST(word_model, kernel_report_against_cancel) {
  expect_holds({.preemptions = 5, .stale_reads = 3}, [] {
    stage<event_word> s(fresh);
    s.submit(phase::queued);
    explore::threads([&] { s.cancel(); },
                     [&] {
                       s.take();
                       if (s.word.arm()) {
                         bool waits = true;
                         if (s.word.requeue()) waits = s.word.arm();
                         if (waits && s.word.decide(phase::fired)) {
                           s.landed[1] = true;
                           s.payload[1].set(1);
                         } else if (waits || s.word.peek().phase() != phase::stopped) {
                           s.take();
                         }
                       }
                       s.deliver();
                     });
  });
}

// More of everything than can be tried in full: signals, cancels and a deadline, and waits until the signals are
// consumed.
TEST(word_model, everything_at_random) {
  expect_holds_at_random({.preemptions = 10, .stale_reads = 6, .max_executions = 400'000}, [] {
    stage<event_word> s(fresh);
    explore::threads([&] { s.signal(0); }, [&] { s.signal(1); }, [&] { s.signal(2); },
                     [&] {
                       s.cancel();
                       if (!s.cancel_won) s.cancel();
                     },
                     [&] {
                       bool due = true;
                       while (s.consumed != std::array{true, true, true}) {
                         s.submit(due ? phase::queued : phase::armed);
                         s.complete(due);
                         due = !due;
                       }
                     });
    check(s.word.peek().phase() == phase::idle, "the event is not idle at the end");
  });
}

}  // namespace
