// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Operations (src/proactor over a modelled kernel): posts, timers and watches, with wake() and stop(), from other
/// threads against a thread that polls for ever.
#include "loop_stage.hpp"

namespace explore = chime::explore;
using namespace chime::models;
using chime::drain;
using chime::interest;
using chime::never;
using chime::operation;
using chime::sync::plain;

namespace {

TEST(operation_model, two_posts_against_poll) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    loop_stage s;
    std::array<operation, 2> ops;
    std::array<wait_record, 2> w;
    std::array<plain<int>, 2> written{};
    const auto post = [&](std::size_t i) {
      written[i].set(1);
      s.loop->submit(ops[i], w[i].then());
    };
    explore::threads([&] { post(0); }, [&] { post(1); },
                     [&] {
                       for (std::size_t i = 0; i < 2; ++i) {
                         s.poll_until(w[i]);
                         check(w[i].succeeded() && written[i].get() == 1, "the post came without its data");
                       }
                     });
    s.finish();
  });
}

// wake() ends the poll that is under way, or the next one. A post that comes with it may be run by the same poll.
TEST(operation_model, wake_and_post_against_poll) {
  expect_holds({.preemptions = 2, .stale_reads = 2}, [] {
    loop_stage s;
    operation op;
    wait_record w;
    plain<int> written{0};
    explore::threads(
        [&] {
          written.set(1);
          s.loop->wake();
        },
        [&] { s.loop->submit(op, w.then()); },
        [&] {
          const auto ran = s.poll(forever);
          check(ran.has_value() && *ran == static_cast<std::size_t>(w.completions), "the poll counts wrongly");
          if (*ran == 0) check(written.get() == 1, "woken without what was written before");
          s.poll_until(w);
        });
    (void)s.poll();  // takes back a wake() that came last
    s.finish();
  });
}

// Alone: a wake() that comes before the sleep ends it all the same.
TEST(operation_model, two_wakes_against_poll) {
  expect_holds({.preemptions = 4, .stale_reads = 2}, [] {
    loop_stage s;
    explore::threads([&] { s.loop->wake(); }, [&] { s.loop->wake(); },
                     [&] { check(s.poll(forever).value_or(1) == 0, "something was run"); });
    (void)s.poll();
    s.finish();
  });
}

// stop() ends run(), with what was written before it; it is taken back by that, and a post that came later is not
// lost.
TEST(operation_model, stop_and_post_against_run) {
  expect_holds({.preemptions = 2, .stale_reads = 2}, [] {
    loop_stage s;
    operation op;
    wait_record w;
    plain<int> reason{0};
    explore::threads(
        [&] {
          reason.set(1);
          s.loop->stop();
        },
        [&] { s.loop->submit(op, w.then()); },
        [&] {
          check(s.run().has_value(), "run failed");
          check(reason.get() == 1, "stopped, and the reason is not there");
          s.poll_until(w);
        });
    s.finish();
  });
}

// A timer that is due, and one that never is.
TEST(operation_model, cancel_against_timers) {
  for (const chime::time_point due : {long_ago, never}) {
    expect_holds({.preemptions = 3, .stale_reads = 2}, [&] {
      loop_stage s;
      operation op;
      wait_record w;
      bool cancelled = false;
      s.loop->submit(op, w.then(), due);
      explore::threads([&] { cancelled = s.loop->cancel(op); }, [&] { s.poll_until(w); });
      w.check_outcome(cancelled);
      check(cancelled || due != never, "a timer fired that is never due");
      s.finish();
    });
  }
}

// A watch: the kernel reports it, or a cancel stops it, or both at once. Kernels differ in whether stopping is
// immediate.
void watch(const machine_options& machine_kind) {
  loop_stage s(machine_kind);
  const int handle = s.kernel.open();
  operation op;
  wait_record w;
  bool cancelled = false;
  explore::threads([&] { s.kernel.write(handle); }, [&] { cancelled = s.loop->cancel(op); },
                   [&] {
                     s.loop->submit(op, w.then(), handle, interest::readable);
                     s.poll_until(w);
                   });
  w.check_outcome(cancelled);
  s.kernel.close(handle);
  s.finish();
}

TEST(operation_model, cancel_against_watch_that_stops_at_once) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] { watch({}); });
}
TEST(operation_model, cancel_against_watch_that_stops_late) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] { watch({.reads_at_once = true}); });
}
TEST(operation_model, cancel_against_watch_that_finds_no_room) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] { watch({.full_once = true, .looks_cheaply = false}); });
}

// A handle that is read when it is ready. What was read is told; after a cancel or a time-out nothing was read.
void drain_against_cancel(const machine_options& machine_kind, chime::time_point due) {
  loop_stage s(machine_kind);
  const int handle = s.kernel.open();
  operation op;
  wait_record w;
  bool cancelled = false;
  explore::threads([&] { s.kernel.write(handle); }, [&] { cancelled = s.loop->cancel(op); },
                   [&] {
                     s.loop->submit(op, w.then(), handle, drain::eventfd, due);
                     s.poll_until(w);
                   });
  w.check_outcome(cancelled, due != never);
  check(op.drained() == (w.succeeded() ? 1U : 0U), "told wrongly what was read");
  check(op.drained() + s.kernel.read(handle) == 1, "a signal was lost");
  s.kernel.close(handle);
  s.finish();
}

TEST(operation_model, cancel_against_drain) {
  for (const chime::time_point due : {never, long_ago}) {
    for (const bool late : {false, true}) {
      expect_holds({.preemptions = 3, .stale_reads = 1}, [&] { drain_against_cancel({.reads_at_once = late}, due); });
    }
  }
}

// The kernel's word for it is ECANCELED, which must not pass for a cancel.
TEST(operation_model, timerfd_whose_clock_was_set) {
  expect_holds({.preemptions = 1, .stale_reads = 1}, [] {
    loop_stage s;
    const int handle = s.kernel.open();
    s.kernel.write(handle);
    operation op;
    wait_record w;
    s.loop->submit(op, w.then(), handle, drain::timerfd);
    explore::threads([&] { s.poll_until(w); });
    check(w.error == chime::fault::clock_set && !w.was_cancelled(), "it says something else");
    s.kernel.close(handle);
    s.finish();
  });
}

// Another reader takes what the loop was told of. A cancel that comes while the loop finds that out is no outcome yet, but must
// not be forgotten: nothing else would end the wait.
void drain_against_thief(const machine_options& machine_kind) {
  loop_stage s(machine_kind);
  const int handle = s.kernel.open();
  s.kernel.write(handle);
  operation op;
  wait_record w;
  bool cancelled = false;
  std::uint64_t stolen = 0;
  s.loop->submit(op, w.then(), handle, drain::eventfd);
  explore::threads([&] { stolen = s.kernel.read(handle); }, [&] { cancelled = s.loop->cancel(op); },
                   [&] { s.poll_until(w); });
  check(!cancelled || w.was_cancelled(), "cancel says one thing, the completion another");
  check(cancelled || w.succeeded() || (w.was_cancelled() && stolen == 1), "the wrong error");
  check(op.drained() == (w.succeeded() ? 1U : 0U), "told wrongly what was read");
  check(op.drained() + stolen + s.kernel.read(handle) == 1, "a signal was lost");
  s.kernel.close(handle);
  s.finish();
}

TEST(operation_model, cancel_against_drain_whose_signal_is_stolen) {
  for (const bool late : {false, true}) {
    expect_holds({.preemptions = 3, .stale_reads = 1}, [&] { drain_against_thief({.reads_at_once = late}); });
  }
}

}  // namespace
