// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The event's word (include/chime/detail/word.hpp) over two uses: a release against signals and cancels, and tickets that are
/// late.
#include "word_stage.hpp"

namespace explore = chime::explore;
using namespace chime::models;
using chime::detail::event_word;

namespace {

enum class way : bool { by_store, exact };

// The first use waits, is released, and the event is taken for a second use, which waits too. The ticket of the first
// use signals twice: the second signal may come at any time. The second use is completed by its own ticket alone.
template <class Word>
void two_uses(way to_release) {
  stage<Word> s(fresh);
  atomic<int> second_ticket{0};
  explore::threads(
      [&] {
        s.signal(0, 1);
        s.signal(2, 1);
      },
      [&] {
        while (second_ticket.load(std::memory_order_acquire) == 0) chime::sync::relax();
        s.signal(1, 2);
      },
      [&] {
        s.submit(phase::armed);
        s.complete(false);
        check(s.consumed[0] && s.completions == 1, "the first use was not completed by its ticket");
        s.consumed = {};
        s.release(to_release == way::exact);
        s.word.take();
        second_ticket.store(1, std::memory_order_release);
        s.submit(phase::armed);
        s.complete(false);
        check(s.consumed[1] && !s.consumed[2], "the second use was not completed by its own ticket");
      });
  check(s.word.peek().bits() == word_value(2, 1, phase::idle).bits(), "a late ticket changed the event");
}

TEST(word_reuse_model, late_signal_against_release_and_next_use) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] { two_uses<event_word>(way::by_store); });
}
TEST(word_reuse_model, late_signal_against_exact_release_and_next_use) {
  expect_holds({.preemptions = 2, .stale_reads = 2}, [] { two_uses<event_word>(way::exact); });
}

struct ignores_generations : event_word {
  using event_word::event_word;
  signal_effect signal(std::uint64_t) noexcept { return event_word::signal(peek().generation()); }
  cancel_effect cancel(std::uint64_t) noexcept { return event_word::cancel(peek().generation()); }
};

TEST(word_reuse_model, tickets_without_generation_break_it) {
  expect_breaks({.preemptions = 3}, "stale", [] { two_uses<ignores_generations>(way::by_store); });
}

// A cancel with the ticket of the first use, at any time: it stops the first wait or nothing. Another thread takes the
// event from the pool, which orders the two holders.
template <class Word>
void late_cancel(way to_release) {
  stage<Word> s(fresh);
  atomic<int> pool{0};
  explore::threads(
      [&] {
        s.cancel(1);
        s.cancel(1);
        if (s.word.is_over(1)) check(s.generation == 2, "the use is over too early");
      },
      [&] { s.signal(0, 1); },
      [&] {
        s.submit(phase::queued);
        s.complete(true);
        s.release(to_release == way::exact);
        pool.store(1, std::memory_order_release);
      },
      [&] {
        while (pool.load(std::memory_order_acquire) == 0) chime::sync::relax();
        s.word.take();
        s.submit(phase::armed);
        s.signal(1, 2);
        s.complete(false);
        check(s.consumed[1], "the second use was not completed by its own ticket");
      });
  check(s.word.peek().bits() == word_value(2, 1, phase::idle).bits(), "a late ticket changed the event");
}

TEST(word_reuse_model, late_cancel_and_signal_against_deadline_release_and_next_use) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] { late_cancel<event_word>(way::by_store); });
}
TEST(word_reuse_model, late_cancel_without_generation_breaks_it) {
  expect_breaks({.preemptions = 2}, "late cancel", [] {
    struct twin : event_word {
      using event_word::event_word;
      cancel_effect cancel(std::uint64_t) noexcept { return event_word::cancel(peek().generation()); }
    };
    late_cancel<twin>(way::by_store);
  });
}

// A held event is released while its ticket signals: the signal is taken and dropped, or stale, and the event is free.
TEST(word_reuse_model, release_against_two_signals) {
  for (const way to_release : {way::by_store, way::exact}) {
    expect_holds({.preemptions = 6, .stale_reads = 3}, [&] {
      stage<event_word> s(fresh);
      explore::threads([&] { s.signal(0); }, [&] { s.signal(1); }, [&] { s.release(to_release == way::exact); });
      check(s.word.peek().bits() == word_value(2, 0, phase::free).bits(), "a late ticket changed the event");
    });
  }
}

}  // namespace
