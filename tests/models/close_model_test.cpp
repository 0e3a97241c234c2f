// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The end of a pool and its loop (src/pool, src/proactor over a modelled kernel), while other threads release their last
/// events, signal with tickets that are late, and owe a ring to a loop that woke by chance.
#include "loop_stage.hpp"

namespace explore = chime::explore;
using namespace chime::models;
using chime::event;
using chime::event_cache;
using chime::signal_result;
using chime::ticket;

namespace {

// As a program closes that does not know when the others release.
void close_patiently(loop_stage& s) {
  while (s.pool->close() != 0) chime::sync::relax();
  s.pool.reset();
  check(s.loop->close().has_value(), "the loop did not close");
  s.loop.reset();
}

// One signaller may still owe its ring; another uses a ticket that is late, and then releases the last event.
TEST(close_model, owed_ring_and_late_ticket_against_close_of_pool_and_loop) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    loop_stage s({.early_returns = 1});
    event last = s.acquire();
    const ticket late = last.get_ticket();
    last.reset();
    last = s.acquire();  // the same event, in its next use
    event ev = s.acquire();
    const ticket t = ev.get_ticket();
    wait_record w;
    std::move(ev).submit(w.then());
    explore::threads([&] { check(t.signal() == signal_result::delivered, "the only signal was not delivered"); },
                     [&] {
                       check(late.signal() == signal_result::stale && !late.cancel(), "a late ticket met something");
                       last.reset();
                     },
                     [&] {
                       s.poll_until(w);
                       w.ev.reset();
                       close_patiently(s);
                     });
  });
}

// The canceller owes the ring: its push is its last touch of the event, whose pool closes as soon as it is back.
TEST(close_model, canceller_that_owes_its_ring_against_close_of_pool_and_loop) {
  expect_holds({.preemptions = 3, .stale_reads = 2}, [] {
    loop_stage s({.early_returns = 1});
    event ev = s.acquire();
    const ticket t = ev.get_ticket();
    wait_record w;
    std::move(ev).submit(w.then());
    explore::threads([&] { check(t.cancel(), "the only cancel did not win"); },
                     [&] {
                       s.poll_until(w);
                       w.ev.reset();
                       close_patiently(s);
                     });
    check(w.was_cancelled(), "the wrong error");
  });
}

// A cache ends on its thread, whose last event the polling thread then releases inside a completion.
TEST(close_model, end_of_a_cache_and_a_signal_against_close_of_pool_and_loop) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    loop_stage s;
    wait_record w;
    explore::threads(
        [&] {
          ticket t;
          {
            event_cache mine(*s.pool);
            auto got = mine.acquire();
            check(got.has_value(), "no event was to be had");
            t = got->get_ticket();
            std::move(*got).submit(w.then());
          }
          (void)t.signal();
        },
        [&] {
          s.poll_until(w);
          w.ev.reset();
          close_patiently(s);
        });
    check(w.succeeded(), "signalled, but without success");
  });
}

// A pool for threads that block: the one that was woken releases, and the pool goes, while the signaller still has its
// futex to wake.
TEST(close_model, wake_of_a_blocked_thread_against_release_and_close) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] {
    loop_stage s;
    event ev = s.acquire();
    const ticket t = ev.get_ticket();
    explore::threads([&] { check(t.signal() == signal_result::delivered, "the only signal was not delivered"); },
                     [&] {
                       check(ev.wait().has_value(), "a signalled wait failed");
                       ev.reset();
                     },
                     [&] { close_patiently(s); });
  });
}

// The loop closes as soon as its last pool has, on whatever thread that happens.
TEST(close_model, close_of_the_pool_against_close_of_the_loop) {
  expect_holds({.preemptions = 3, .stale_reads = 2}, [] {
    loop_stage s;
    s.acquire().reset();
    explore::threads([&] { check(s.pool->close() == 0, "an event is missing when the pool is closed"); },
                     [&] {
                       for (auto closed = s.loop->close(); !closed; closed = s.loop->close()) {
                         check(closed.error() == chime::fault::pools_open, "the wrong error");
                         chime::sync::relax();
                       }
                     });
    s.pool.reset();
    s.loop.reset();
  });
}

}  // namespace
