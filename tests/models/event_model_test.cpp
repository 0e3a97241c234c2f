// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// One event with a part of its life on the polling thread itself (src/event, src/proactor over a modelled kernel): what
/// that thread submits, signals and cancels between and inside completions, against what others do meanwhile.
#include "loop_stage.hpp"

#include <array>

namespace explore = chime::explore;
using namespace chime::models;
using chime::event;
using chime::never;
using chime::operation;
using chime::signal_result;
using chime::ticket;

namespace {

// The signal that the first wait did not consume is kept for the next wait of this use.
void expect_kept(loop_stage& s, wait_record& first) {
  wait_record next;
  std::move(first.ev).submit(next.then());
  check(s.poll().value_or(0) == 1 && next.succeeded(), "a signal is lost");
  next.ev.reset();
}

// The polling thread submits and cancels; another thread signals, and the deadline may have passed.
TEST(event_model, local_submit_and_cancel_against_signal_and_deadline) {
  for (const chime::time_point due : {never, long_ago}) {
    expect_holds({.preemptions = 4, .stale_reads = 2}, [&] {
      loop_stage s;
      event ev = s.acquire();
      const ticket t = ev.get_ticket();
      wait_record w;
      bool cancelled = false;
      explore::threads([&] { check(t.signal() == signal_result::delivered, "the only signal was not delivered"); },
                       [&] {
                         std::move(ev).submit(w.then(), due);
                         cancelled = t.cancel();
                         s.poll_until(w);
                       });
      w.check_outcome(cancelled, due != never);
      if (!w.succeeded()) expect_kept(s, w);
      w.ev.reset();
      s.finish();
    });
  }
}

// A completion signals, while another thread cancels, or the deadline decides: all meet at the same wait.
struct signaller {
  ticket t;
  signal_result told{};
  wait_record record{};
  void done(chime::completion&& d) {
    told = t.signal();
    record.done(std::move(d));
  }
};
void signal_by_a_completion(chime::time_point due) {
  loop_stage s;
  event ev = s.acquire();
  signaller by{.t = ev.get_ticket()};
  wait_record w;
  operation post;
  bool cancelled = false;
  std::move(ev).submit(w.then(), due);
  explore::threads([&] { cancelled = by.t.cancel(); },
                   [&] { s.loop->submit(post, chime::callback::to<&signaller::done>(by)); },
                   [&] {
                     s.poll_until(by.record);
                     s.poll_until(w);
                   });
  check(by.told == signal_result::delivered, "the only signal was not delivered");
  w.check_outcome(cancelled, due != never);
  if (!w.succeeded()) expect_kept(s, w);
  w.ev.reset();
  s.finish();
}
TEST(event_model, signal_by_a_completion_against_cancel) {
  expect_holds({.preemptions = 2, .stale_reads = 2}, [] { signal_by_a_completion(never); });
}
TEST(event_model, signal_by_a_completion_against_cancel_and_deadline) {
  expect_holds({.preemptions = 2, .stale_reads = 2}, [] { signal_by_a_completion(long_ago); });
}

// Of two cancels and a signal that meet a submit, exactly one decides.
TEST(event_model, two_cancels_against_submit_and_signal) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    loop_stage s;
    event ev = s.acquire();
    const ticket t = ev.get_ticket();
    wait_record w;
    std::array<bool, 2> cancelled{};
    explore::threads([&] { cancelled[0] = t.cancel(); }, [&] { cancelled[1] = t.cancel(); },
                     [&] {
                       std::move(ev).submit(w.then());
                       check(t.signal() == signal_result::delivered, "the only signal was not delivered");
                     },
                     [&] { s.poll_until(w); });
    check(!cancelled[0] || !cancelled[1], "two cancels won the same wait");
    w.check_outcome(cancelled[0] || cancelled[1]);
    if (!w.succeeded()) expect_kept(s, w);
    w.ev.reset();
    s.finish();
  });
}

// A signal, a wake() and a stop() meet a loop that may be asleep: it runs the completion, and stops.
TEST(event_model, signal_against_wake_against_stop_against_run) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    loop_stage s;
    event ev = s.acquire();
    const ticket t = ev.get_ticket();
    wait_record w;
    std::move(ev).submit(w.then());
    explore::threads([&] { (void)t.signal(); }, [&] { s.loop->wake(); }, [&] { s.loop->stop(); },
                     [&] {
                       check(s.run().has_value(), "run failed");
                       s.poll_until(w);
                     });
    check(w.succeeded(), "signalled, but without success");
    w.ev.reset();
    (void)s.poll();  // takes back a wake() that came last
    s.finish();
  });
}

}  // namespace
