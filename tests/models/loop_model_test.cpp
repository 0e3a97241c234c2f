// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The loop itself (src/proactor, src/event, src/pool, compiled against the explorer) over a modelled kernel: events
/// in user space and posts from other threads against a thread that polls for ever. A lost wake-up is a deadlock.
#include "loop_stage.hpp"

namespace explore = chime::explore;
using namespace chime::models;
using chime::event;
using chime::never;
using chime::operation;
using chime::signal_result;
using chime::ticket;
using chime::sync::atomic;

namespace {

// A wait is submitted by one thread, signalled by two, and completed by a fourth. If no signal is left over at the
// end, the completion has consumed both, and saw what both had written.
TEST(loop_model, two_signals_and_submit_against_poll) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    loop_stage s;
    event ev = s.acquire();
    const ticket t = ev.get_ticket();
    wait_record w;
    std::array<atomic<int>, 2> written{};
    std::array<int, 2> seen{};
    const auto signal = [&](std::size_t i) {
      written[i].store(1, std::memory_order_relaxed);
      check(t.signal() != signal_result::stale, "a signal of this use is stale");
    };
    explore::threads([&] { signal(0); }, [&] { signal(1); }, [&] { std::move(ev).submit(w.then()); },
                     [&] {
                       s.poll_until(w);
                       for (std::size_t i = 0; i < 2; ++i) seen[i] = written[i].load(std::memory_order_relaxed);
                     });
    check(w.succeeded(), "signalled, but without success");
    const bool consumed_both = t.signal() == signal_result::delivered;
    check(seen[0] + seen[1] == 2 || (!consumed_both && seen[0] + seen[1] == 1), "consumed a signal without its data");
    w.ev.reset();
    s.finish();
  });
}

TEST(loop_model, signal_against_cancel_against_poll) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    loop_stage s;
    event ev = s.acquire();
    const ticket t = ev.get_ticket();
    wait_record w;
    bool cancelled = false;
    std::move(ev).submit(w.then());
    explore::threads([&] { (void)t.signal(); }, [&] { cancelled = t.cancel(); }, [&] { s.poll_until(w); });
    w.check_outcome(cancelled);
    w.ev.reset();
    check(t.signal() == signal_result::stale && t.expired() && !t.cancel(), "a ticket outlived its use");
    s.finish();
  });
}

// The deadline has passed; the wait travels to the loop. Whoever is first decides.
TEST(loop_model, signal_against_cancel_against_deadline) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    loop_stage s;
    event ev = s.acquire();
    const ticket t = ev.get_ticket();
    wait_record w;
    bool cancelled = false;
    explore::threads([&] { (void)t.signal(); }, [&] { cancelled = t.cancel(); },
                     [&] { std::move(ev).submit(w.then(), long_ago); }, [&] { s.poll_until(w); });
    w.check_outcome(cancelled, true);
    w.ev.reset();
    s.finish();
  });
}

// A deadline at the beginning of time has passed like any other.
TEST(loop_model, deadline_before_all_time) {
  expect_holds({}, [] {
    loop_stage s;
    wait_record w;
    s.acquire().submit(w.then(), chime::time_point::min());
    explore::threads([&] { s.poll_until(w); });
    check(w.timed_out(), "the wrong error");
    w.ev.reset();
    s.finish();
  });
}

// Two waits of one use, the second submitted by the completion of the first, and signals that may fall together.
TEST(loop_model, signals_against_a_wait_that_is_submitted_again) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    loop_stage s;
    event ev = s.acquire();
    const ticket t = ev.get_ticket();
    wait_record w;
    std::move(ev).submit(w.then());
    explore::threads(
        [&] {
          (void)t.signal();
          (void)t.signal();
        },
        [&] {
          s.poll_until(w);
          std::move(w.ev).submit(w.then());
          (void)t.signal();
          s.poll_until(w, 2);
        });
    w.ev.reset();
    s.finish();
  });
}

// The completion ran, therefore everything may close: the signaller may still owe its ring to a loop that woke by
// chance.
TEST(loop_model, close_against_a_signaller_that_owes_its_ring) {
  expect_holds({.preemptions = 2, .stale_reads = 2}, [] {
    loop_stage s({.early_returns = 1});
    event ev = s.acquire();
    const ticket t = ev.get_ticket();
    wait_record w;
    std::move(ev).submit(w.then());
    explore::threads([&] { (void)t.signal(); },
                     [&] {
                       s.poll_until(w);
                       w.ev.reset();
                       s.close();
                     });
  });
}

// The same for the submitter of a wait with a deadline, whose push owes a ring too, beside another that is signalled.
TEST(loop_model, close_against_a_submitter_that_owes_its_ring) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    loop_stage s({.early_returns = 1});
    event late = s.acquire();
    event signalled = s.acquire();
    const ticket t = signalled.get_ticket();
    wait_record w1;
    wait_record w2;
    std::move(signalled).submit(w2.then());
    explore::threads([&] { std::move(late).submit(w1.then(), long_ago); }, [&] { (void)t.signal(); },
                     [&] {
                       s.poll_until(w1);
                       s.poll_until(w2);
                       w1.ev.reset();
                       w2.ev.reset();
                       s.close();
                     });
  });
}

// Every event made so far is visited, while another thread makes one.
TEST(loop_model, cancel_all_against_growth_and_submit) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    loop_stage s;
    wait_record w;
    bool signalled = false;
    explore::threads(
        [&] {
          event ev = s.acquire();
          const ticket t = ev.get_ticket();
          std::move(ev).submit(w.then());
          signalled = t.signal() == signal_result::delivered;
        },
        [&] { s.pool->cancel_all(); }, [&] { s.poll_until(w); });
    check(w.succeeded() || w.was_cancelled(), "the wrong error");
    w.ev.reset();
    s.finish();
  });
}

// Two events, a post and a wake, with everything that can happen to them: more than can be tried in full.
TEST(loop_model, everything_at_random) {
  expect_holds_at_random({.preemptions = 8, .stale_reads = 4, .time_outs = 2, .max_executions = 60'000}, [] {
    loop_stage s({.early_returns = 1});
    std::array<event, 2> ev{s.acquire(), s.acquire()};
    const std::array<ticket, 2> t{ev[0].get_ticket(), ev[1].get_ticket()};
    std::array<wait_record, 2> w;
    std::array<bool, 2> cancelled{};
    operation op;
    wait_record post;
    const auto cancel = [&](std::size_t i) { cancelled[i] = cancelled[i] || t[i].cancel(); };
    explore::threads(
        [&] {
          std::move(ev[0]).submit(w[0].then());
          (void)t[1].signal();
        },
        [&] {
          std::move(ev[1]).submit(w[1].then(), long_ago);
          cancel(0);
        },
        [&] {
          (void)t[0].signal();
          cancel(1);
        },
        [&] {
          s.loop->wake();
          s.loop->submit(op, post.then());
        },
        [&] {
          for (const wait_record* r : {&w[0], &w[1], &post}) s.poll_until(*r);
          for (std::size_t i = 0; i < 2; ++i) w[i].ev.reset();
          s.pool->cancel_all();
        });
    for (std::size_t i = 0; i < 2; ++i) check(cancelled[i] == w[i].was_cancelled(), "cancel and completion differ");
    (void)s.poll();
    s.finish();
  });
}

}  // namespace
