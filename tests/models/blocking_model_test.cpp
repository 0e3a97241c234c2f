// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Threads that wait without a loop (src/event/blocking.cpp, over modelled futexes): a signal against the wait and its
/// deadline. A wake-up that is lost is a deadlock.
#include "event/cell.hpp"
#include "loop_stage.hpp"

#include <array>

namespace explore = chime::explore;
using namespace chime::models;
using chime::event;
using chime::signal_result;
using chime::ticket;
using chime::sync::atomic;
using chime::sync::plain;

namespace {

// Blocking events need no loop; that there is one does not matter.
TEST(blocking_model, two_signals_against_two_waits) {
  expect_holds({.preemptions = 3, .stale_reads = 2}, [] {
    loop_stage s;
    event ev = s.acquire();
    const ticket t = ev.get_ticket();
    plain<int> written{0};
    bool second_kept = false;
    explore::threads(
        [&] {
          written.set(1);
          check(t.signal() == signal_result::delivered, "the first signal was not delivered");
          second_kept = t.signal() == signal_result::delivered;
        },
        [&] {
          check(ev.wait().has_value(), "a signalled wait failed");
          check(written.get() == 1, "the wait consumed a signal without its data");
        });
    check((t.signal() == signal_result::coalesced) == second_kept, "a signal is lost");
    check(ev.wait().has_value(), "a kept signal was not found");
    ev.reset();
    s.finish();
  });
}

TEST(blocking_model, signal_against_time_out) {
  expect_holds({.preemptions = 4, .stale_reads = 3, .time_outs = 1}, [] {
    loop_stage s;
    event ev = s.acquire();
    const ticket t = ev.get_ticket();
    bool consumed = false;
    explore::threads([&] { check(t.signal() == signal_result::delivered, "the only signal was not delivered"); },
                     [&] {
                       const auto waited = ev.wait_until(long_ago);
                       consumed = waited.has_value();
                       check(consumed || waited.error() == chime::errc::timed_out, "the wrong error");
                     });
    check((t.signal() == signal_result::delivered) == consumed, "timed out and consumed, or neither");
    ev.reset();
    s.finish();
  });
}

// A futex wake that comes late, when the event is in its next use: its holder looks again.
TEST(blocking_model, late_wake_against_the_next_use) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    loop_stage s;
    event ev = s.acquire();
    const ticket first = ev.get_ticket();
    ticket second;
    atomic<bool> ready{false};
    explore::threads([&] { (void)first.signal(); },
                     [&] {
                       check(ev.wait().has_value(), "a signalled wait failed");
                       ev = s.acquire();
                       second = ev.get_ticket();
                       ready.store(true, std::memory_order_release);
                       check(ev.wait().has_value(), "a signalled wait failed");
                     },
                     [&] {
                       while (!ready.load(std::memory_order_acquire)) chime::sync::relax();
                       check(second.signal() == signal_result::delivered, "the only signal was not delivered");
                     });
    ev.reset();
    s.finish();
  });
}

// The wait may time out; then the event is released, and a signal of that use is dropped or stale. The next use blocks too,
// and is woken by its own ticket alone.
TEST(blocking_model, signals_against_time_out_and_release_and_the_next_use) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    chime::pool_options only_event;
    only_event.initial_capacity = only_event.maximum_capacity = 1;
    loop_stage s({}, only_event);
    event ev = s.acquire();
    const ticket first = ev.get_ticket();
    ticket second;
    flag ready;
    bool second_signalled = false;
    explore::threads(
        [&] {
          (void)first.signal();
          (void)first.signal();
        },
        [&] {
          const auto waited = ev.wait_until(long_ago);
          check(waited.has_value() || waited.error() == chime::errc::timed_out, "the wrong error");
          ev.reset();
          ev = s.acquire();
          second = ev.get_ticket();
          ready.raise();
          check(ev.wait().has_value(), "a signalled wait failed");
          check(second_signalled, "the next use was woken by a late signal");
        },
        [&] {
          ready.await();
          second_signalled = true;
          check(second.signal() == signal_result::delivered, "the only signal was not delivered");
        });
    ev.reset();
    s.finish();
  });
}

// A holder that breaks the rules: one of its threads waits, and has seen the event idle, while another one releases it and
// has it again. Whatever the wait finds, it changes nothing of the next use, so that the misuse can be told.
TEST(blocking_model, a_wait_does_not_reach_into_the_next_use) {
  expect_holds({.preemptions = 4, .stale_reads = 3}, [] {
    chime::detail::event_word word(chime::detail::word_value{1, 0, chime::detail::phase::idle});
    chime::detail::word_value next{0};
    bool told = false;
    explore::threads(
        [&] {
          const auto before = word.peek();
          told = !word.block(before).same_wait(before);
        },
        [&] {
          if (!chime::detail::event_word::releasable(word.peek())) return;  // the release would stop the program
          word.retire(word.peek().next_use());
          word.take();
          next = word.peek();
          (void)word.signal(2);
          next = next.with(chime::detail::phase::signalled);
        });
    check(!told || word.peek().bits() == next.bits(), "a wait reached into the next use");
  });
}

// Two signals, a wait with a deadline and one without: whatever the first wait makes of it, the second consumes the rest.
TEST(blocking_model, two_signals_against_time_out_and_another_wait) {
  expect_holds({.preemptions = 3, .stale_reads = 2}, [] {
    loop_stage s;
    event ev = s.acquire();
    const ticket t = ev.get_ticket();
    std::array<plain<int>, 2> written{};
    std::array<bool, 2> delivered{};
    const auto signal = [&](std::size_t i) {
      written[i].set(1);
      delivered[i] = t.signal() == signal_result::delivered;
    };
    explore::threads([&] { signal(0); }, [&] { signal(1); },
                     [&] {
                       if (!ev.wait_until(long_ago).has_value())
                         check(ev.wait().has_value(), "a signalled wait failed");
                     });
    const bool kept = t.signal() == signal_result::coalesced;
    check(delivered[0] || delivered[1], "both signals coalesced with nothing");
    check(kept == (delivered[0] && delivered[1]), "a signal is lost, or was consumed twice");
    check(ev.wait().has_value(), "a kept signal was not found");
    check(written[0].get() == 1 && written[1].get() == 1, "a wait consumed a signal without its data");
    ev.reset();
    s.finish();
  });
}

}  // namespace
