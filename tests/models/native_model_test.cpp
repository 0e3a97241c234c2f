// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Native events (src/event/native.cpp, src/proactor/kernel.cpp over a modelled kernel): tickets that write late
/// against release and reacquisition, cancels and deadlines against what the kernel reads, and trim and close against
/// writers.
#include "loop_stage.hpp"

#include <cerrno>

namespace explore = chime::explore;
using namespace chime::models;
using chime::event;
using chime::never;
using chime::signal_result;
using chime::ticket;

namespace {

chime::pool_options native(std::size_t initial = 1, std::size_t maximum = 2) {
  chime::pool_options how;
  how.native = true;
  how.initial_capacity = initial;
  how.maximum_capacity = maximum;
  return how;
}

constexpr machine_options kernels[] = {{}, {.reads_at_once = true}, {.looks_cheaply = false, .pipes = true}};

void expect_holds_on_every_kernel(const explore::options& how, void (*body)(const machine_options&)) {
  for (const machine_options& kind : kernels) expect_holds(how, [&] { body(kind); });
}

// Submit and signal from two threads; the signal may come before the wait reaches the kernel.
void signal_and_submit(const machine_options& kind) {
  loop_stage s(kind, native());
  event ev = s.acquire();
  const ticket t = ev.get_ticket();
  wait_record w;
  explore::threads([&] { check(t.signal() == signal_result::delivered, "the only signal was not delivered"); },
                   [&] { std::move(ev).submit(w.then()); }, [&] { s.poll_until(w); });
  check(w.succeeded(), "signalled, but without success");
  // The signal is consumed: another wait of this use is left alone.
  wait_record again;
  std::move(w.ev).submit(again.then());
  check(s.poll().value_or(1) == 0, "a consumed signal completed another wait");
  check(t.cancel() && s.poll().value_or(0) == 1 && again.was_cancelled(), "the other wait was not cancelled");
  again.ev.reset();
  s.finish();
}
TEST(native_model, signal_and_submit_against_poll) {
  expect_holds_on_every_kernel({.preemptions = 2, .stale_reads = 1}, signal_and_submit);
}

// The write may land after the cancel has won, before it, or between the kernel's report and the loop. The kernel may
// have no room at first, or fail.
void signal_and_cancel(const machine_options& kind) {
  loop_stage s(kind, native());
  event ev = s.acquire();
  const ticket t = ev.get_ticket();
  wait_record w;
  bool cancelled = false;
  std::move(ev).submit(w.then());
  explore::threads([&] { (void)t.signal(); }, [&] { cancelled = t.cancel(); }, [&] { s.poll_until(w); });
  const bool failed = kind.fails_once && w.error == std::error_code(EIO, std::system_category());
  check(cancelled == w.was_cancelled() && (cancelled || failed) != w.succeeded(),
        "cancel says one thing, the completion another");
  if (!w.succeeded()) {
    // The signal came after the outcome and is kept for the next wait of this use.
    wait_record again;
    std::move(w.ev).submit(again.then());
    explore::threads([&] { s.poll_until(again); });
    check(again.succeeded(), "a signal after a cancel is lost");
    again.ev.reset();
  }
  w.ev.reset();
  s.finish();
}
TEST(native_model, signal_against_cancel_against_poll) {
  expect_holds_on_every_kernel({.preemptions = 2, .stale_reads = 1}, signal_and_cancel);
}
TEST(native_model, signal_against_cancel_without_room) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] { signal_and_cancel({.full_once = true}); });
}
TEST(native_model, signal_against_cancel_against_failure) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] { signal_and_cancel({.fails_once = true}); });
  expect_holds({.preemptions = 2, .stale_reads = 1},
               [] { signal_and_cancel({.reads_at_once = true, .fails_once = true}); });
}

// Somebody else has the handle and writes to it. What it writes is a signal like any other; after the release nobody
// reads it.
void foreign_write_and_cancel(const machine_options& kind) {
  loop_stage s(kind, native());
  event ev = s.acquire();
  const ticket t = ev.get_ticket();
  const int handle = static_cast<int>(ev.native().value());
  wait_record w;
  bool cancelled = false;
  std::move(ev).submit(w.then());
  explore::threads([&] { s.kernel.write(handle); }, [&] { cancelled = t.cancel(); }, [&] { s.poll_until(w); });
  w.check_outcome(cancelled);
  check(s.kernel.readable(handle) == cancelled, "a kept signal is not where others look for it, or a consumed one is");
  wait_record again;
  std::move(w.ev).submit(again.then());
  const bool completed = s.poll().value_or(2) == 1;
  check(completed == cancelled, "a foreign signal counted twice, or not at all");
  if (!completed) check(t.cancel() && s.poll().value_or(0) == 1, "the other wait was not cancelled");
  s.kernel.write(handle);
  again.ev.reset();
  wait_record next;
  s.acquire().submit(next.then());
  check(s.poll().value_or(1) == 0, "a foreign write completed the next use");
  s.pool->cancel_all();
  check(s.poll().value_or(0) == 1 && next.was_cancelled(), "the next use was not cancelled");
  next.ev.reset();
  s.finish();
}
TEST(native_model, foreign_write_against_cancel_and_release) {
  expect_holds_on_every_kernel({.preemptions = 2, .stale_reads = 1}, foreign_write_and_cancel);
}

void signal_and_deadline(const machine_options& kind) {
  loop_stage s(kind, native());
  event ev = s.acquire();
  const ticket t = ev.get_ticket();
  wait_record w;
  bool cancelled = false;
  std::move(ev).submit(w.then(), long_ago);
  explore::threads([&] { (void)t.signal(); }, [&] { cancelled = t.cancel(); }, [&] { s.poll_until(w); });
  w.check_outcome(cancelled, true);
  w.ev.reset();
  s.finish();
}
TEST(native_model, signal_against_cancel_against_deadline) {
  expect_holds_on_every_kernel({.preemptions = 2, .stale_reads = 1}, signal_and_deadline);
}

// A ticket of the first use signals twice, at any time. The event is released and acquired again, or set aside; the
// second use is completed by its own ticket alone, though it may be made of the same primitive.
void late_writes_of(const machine_options& kind, bool handle_is_given_out, std::size_t maximum = 2) {
  loop_stage s(kind, native(1, maximum));
  event ev = s.acquire();
  if (handle_is_given_out) check(ev.native().has_value(), "no handle");
  const ticket first = ev.get_ticket();
  ticket second;
  wait_record w1;
  wait_record w2;
  bool second_signalled = false;
  std::move(ev).submit(w1.then());
  explore::threads(
      [&] {
        (void)first.signal();
        (void)first.signal();
      },
      [&] {
        s.poll_until(w1);
        w1.ev.reset();
        event next = s.acquire();
        second = next.get_ticket();
        std::move(next).submit(w2.then());
        check(s.poll().value_or(1) == 0, "a late signal completed the next use");
        second_signalled = second.signal() == signal_result::delivered;
        s.poll_until(w2);
      });
  check(w2.succeeded() && second_signalled, "the second use was not completed by its own ticket");
  w2.ev.reset();
  s.finish();
}
void late_writes(const machine_options& kind) { late_writes_of(kind, false); }
void late_writes_before_replacement(const machine_options& kind) { late_writes_of(kind, true); }
TEST(native_model, late_writes_against_release_and_reacquisition) {
  expect_holds_on_every_kernel({.preemptions = 2, .stale_reads = 1}, late_writes);
}
// The first use has given its handle out, so the second gets a new primitive: the old one is closed under no writer.
TEST(native_model, late_writes_against_replacement) {
  expect_holds_on_every_kernel({.preemptions = 2, .stale_reads = 1}, late_writes_before_replacement);
}

// There is no other event: the acquirer yields to the signaller until it has left, and is not told "exhausted".
void late_writes_to_the_only_event(const machine_options& kind) { late_writes_of(kind, false, 1); }
TEST(native_model, late_writes_against_reacquisition_of_the_only_event) {
  expect_holds_on_every_kernel({.preemptions = 2, .stale_reads = 1}, late_writes_to_the_only_event);
}

// Without a wait: a held event is signalled, released and acquired by others, while trim closes free primitives.
void trim_and_reacquisition(const machine_options& kind) {
  loop_stage s(kind, native(2, 3));
  event ev = s.acquire();
  const ticket t = ev.get_ticket();
  wait_record w;
  explore::threads([&] { (void)t.signal(); }, [&] { ev.reset(); }, [&] { s.pool->trim(); },
                   [&] {
                     event next = s.acquire();
                     const ticket own = next.get_ticket();
                     std::move(next).submit(w.then());
                     check(s.poll().value_or(1) == 0, "a late signal completed the next use");
                     (void)own.signal();
                     s.poll_until(w);
                   });
  w.ev.reset();
  s.finish();
}
TEST(native_model, trim_and_reacquisition_against_a_late_write) {
  expect_holds_on_every_kernel({.preemptions = 1, .stale_reads = 0}, trim_and_reacquisition);
}

// The completion ran, therefore everything may close: the signaller may not have left the account yet.
void close_and_writer(const machine_options& kind) {
  loop_stage s(kind, native());
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
}
TEST(native_model, close_against_a_writer_that_is_under_way) {
  expect_holds_on_every_kernel({.preemptions = 2, .stale_reads = 2}, close_and_writer);
}

// The same with more preemptions and stale reads than can be tried in full.
TEST(native_model, late_writes_and_cancels_at_random) {
  for (const machine_options& kind : kernels) {
    const explore::options how{.preemptions = 8, .stale_reads = 4, .max_executions = 15'000};
    expect_holds_at_random(how, [&] { late_writes(kind); });
    expect_holds_at_random(how, [&] { signal_and_cancel(kind); });
    expect_holds_at_random(how, [&] { trim_and_reacquisition(kind); });
  }
}

}  // namespace
