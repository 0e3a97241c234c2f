// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Coroutines that wait (src/coro, src/proactor/withdraw.cpp): signals, deadlines, stops and destruction against each other.
/// Each wait has one outcome, and no signal is lost or found twice.
#include "chime/coro.hpp"
#include "frame.hpp"
#include "loop_stage.hpp"

namespace explore = chime::explore;
using namespace chime::models;
using chime::event;
using chime::never;
using chime::signal_result;
using chime::ticket;
using chime::sync::plain;

namespace {

template <class T = void>
struct outcome {
  int times = 0;
  std::optional<chime::result<T>> result;
  [[nodiscard]] bool succeeded() const { return result && result->has_value(); }
};

template <class T, class Awaitable>
frame await_into(outcome<T>& out, Awaitable awaitable) {
  out.result = co_await awaitable;
  ++out.times;
}

template <class T>
void poll_until_over(loop_stage& s, const outcome<T>& out) {
  while (out.times == 0) check(s.poll(forever).has_value(), "poll failed");
  check(out.times == 1, "a coroutine went on twice");
}

/// One signaller, with its data.
struct signaller {
  ticket to;
  plain<int> data{0};
  bool delivered = false;
  void signal() {
    data.set(1);
    delivered = to.signal() == signal_result::delivered;
  }
  /// After everything: whether the signal lies in the event.
  [[nodiscard]] bool is_kept() const { return to.signal() == signal_result::coalesced; }
};

struct stop_source {
  chime::sync::stop_state state;
  chime::sync::stop_token token{state};
};

void check_error(const std::error_code& error, bool may_time_out) {
  check(error == chime::errc::cancelled || (may_time_out && error == chime::errc::timed_out), "the wrong error");
}

/// `begin_elsewhere`: the wait is begun by a thread that does not poll.
void one_wait(chime::time_point deadline, bool begin_elsewhere) {
  loop_stage s;
  event ev = s.acquire();
  signaller a{ev.get_ticket()};
  stop_source stop;
  outcome<> out;
  frame f;
  const auto begin = [&] { f = await_into(out, chime::async_wait(ev, {.deadline = deadline, .stop = stop.token})); };
  const auto poll = [&] {
    (void)s.poll();
    if (!begin_elsewhere) begin();
    poll_until_over(s, out);
    if (out.succeeded()) check(a.data.get() == 1, "success without the signaller's data");
  };
  if (begin_elsewhere) {
    explore::threads([&] { a.signal(); }, [&] { stop.state.request(); }, begin, poll);
  } else {
    explore::threads([&] { a.signal(); }, [&] { stop.state.request(); }, poll);
  }
  check(a.delivered, "the only signal was not delivered");
  if (!out.succeeded()) check_error(out.result->error(), deadline != never);
  check(a.is_kept() != out.succeeded(), "the signal was lost, or is there twice");
  f.destroy();
  ev.reset();
  s.finish();
}

TEST(coro_model, signal_against_stop) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] { one_wait(never, false); });
}
TEST(coro_model, signal_against_deadline_and_stop) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] { one_wait(long_ago, false); });
}
TEST(coro_model, signal_against_stop_begun_elsewhere) {
  expect_holds({.preemptions = 2, .stale_reads = 0}, [] { one_wait(never, true); });
}

// Without a stop token the wait is submitted by whoever begins it: it must not touch the frame after that.
TEST(coro_model, begin_against_signal_and_poll) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] {
    loop_stage s;
    event ev = s.acquire();
    signaller a{ev.get_ticket()};
    outcome<> out;
    frame f;
    explore::threads([&] { a.signal(); }, [&] { f = await_into(out, chime::async_wait(ev)); },
                     [&] {
                       poll_until_over(s, out);
                       check(out.succeeded() && a.data.get() == 1, "no success, or without the data");
                     });
    check(!a.is_kept(), "the signal is there twice");
    f.destroy();
    ev.reset();
    s.finish();
  });
}

TEST(coro_model, sleep_against_stop_begun_elsewhere) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    loop_stage s;
    stop_source stop;
    outcome<> out;
    frame f;
    explore::threads([&] { f = await_into(out, chime::sleep_until(*s.loop, long_ago, stop.token)); },
                     [&] { poll_until_over(s, out); });
    check(out.succeeded() && !stop.state.has_callback(), "a stop callback was left behind");
    f.destroy();
    s.finish();
  });
}
TEST(coro_model, wait_with_stop_begun_elsewhere) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    loop_stage s;
    event ev = s.acquire();
    stop_source stop;
    outcome<> out;
    frame f;
    (void)ev.get_ticket().signal();
    explore::threads([&] { f = await_into(out, chime::async_wait(ev, {.stop = stop.token})); },
                     [&] { poll_until_over(s, out); });
    check(out.succeeded() && !stop.state.has_callback(), "a stop callback was left behind");
    f.destroy();
    ev.reset();
    s.finish();
  });
}

TEST(coro_model, any_of_two_against_their_signals_and_a_stop) {
  expect_holds({.preemptions = 1, .stale_reads = 1}, [] {
    loop_stage s;
    std::array<event, 2> events{s.acquire(), s.acquire()};
    std::array<signaller, 2> by{signaller{events[0].get_ticket()}, signaller{events[1].get_ticket()}};
    stop_source stop;
    outcome<std::size_t> out;
    frame f;
    explore::threads([&] { by[0].signal(); }, [&] { by[1].signal(); }, [&] { stop.state.request(); },
                     [&] {
                       (void)s.poll();
                       f = await_into(out, chime::async_wait_any(events, {.stop = stop.token}));
                       poll_until_over(s, out);
                       if (out.succeeded()) check(by[**out.result].data.get() == 1, "success without the data");
                     });
    if (!out.succeeded()) check_error(out.result->error(), false);
    for (std::size_t i = 0; i < 2; ++i) {
      check(by[i].delivered, "the only signal was not delivered");
      check(by[i].is_kept() != (out.succeeded() && **out.result == i), "a signal was lost, or is there twice");
    }
    f.destroy();
    events = {};
    s.finish();
  });
}

TEST(coro_model, all_of_two_against_their_signals_and_a_stop) {
  expect_holds({.preemptions = 1, .stale_reads = 1}, [] {
    loop_stage s;
    std::array<event, 2> events{s.acquire(), s.acquire()};
    std::array<signaller, 2> by{signaller{events[0].get_ticket()}, signaller{events[1].get_ticket()}};
    stop_source stop;
    outcome<> out;
    frame f;
    explore::threads([&] { by[0].signal(); }, [&] { by[1].signal(); }, [&] { stop.state.request(); },
                     [&] {
                       (void)s.poll();
                       f = await_into(out, chime::async_wait_all(events, {.stop = stop.token}));
                       poll_until_over(s, out);
                     });
    for (std::size_t i = 0; i < 2; ++i) {
      check(by[i].is_kept() != out.succeeded(), "a signal was lost, or is there twice");
    }
    f.destroy();
    events = {};
    s.finish();
  });
}

/// The frame goes on the polling thread, before or after the loop has seen the wait.
void destroyed(const machine_options& machine_kind, const chime::pool_options& kind, chime::time_point deadline) {
  loop_stage s(machine_kind, kind);
  event ev = s.acquire();
  signaller a{ev.get_ticket()};
  outcome<> out;
  explore::threads([&] { a.signal(); },
                   [&] {
                     (void)s.poll();
                     frame f;
                     f = await_into(out, chime::async_wait(ev, {.deadline = deadline}));
                     if (explore::choose(2) == 1) (void)s.poll();
                     f.destroy();
                   });
  check(a.delivered, "the only signal was not delivered");
  check(a.is_kept() != out.succeeded(), "the signal was lost, or is there twice");
  ev.reset();
  s.finish();
}

TEST(coro_model, destroyed_against_a_signal) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] { destroyed({}, {}, never); });
}
TEST(coro_model, destroyed_with_a_deadline_against_a_signal) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] { destroyed({}, {}, never - std::chrono::seconds(1)); });
}
TEST(coro_model, destroyed_native_against_a_signal) {
  chime::pool_options native;
  native.native = true;
  for (const bool at_once : {false, true}) {
    expect_holds({.preemptions = 2, .stale_reads = 1}, [&] { destroyed({.reads_at_once = at_once}, native, never); });
  }
}

TEST(coro_model, destroyed_against_a_stop_and_a_signal) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    loop_stage s;
    event ev = s.acquire();
    signaller a{ev.get_ticket()};
    stop_source stop;
    outcome<> out;
    explore::threads([&] { a.signal(); }, [&] { stop.state.request(); },
                     [&] {
                       (void)s.poll();
                       frame f;
                       f = await_into(out, chime::async_wait(ev, {.stop = stop.token}));
                       f.destroy();
                     });
    check(out.times == 0 && a.is_kept(), "the signal was lost");
    ev.reset();
    s.finish();
  });
}

// A watch that the kernel reports, or not, when its coroutine goes.
TEST(coro_model, destroyed_watch_against_its_handle_and_a_stop) {
  for (const machine_options& machine_kind :
       {machine_options{}, machine_options{.reads_at_once = true}, machine_options{.full_once = true}}) {
    expect_holds({.preemptions = 1, .stale_reads = 1}, [&] {
      loop_stage s(machine_kind);
      const int handle = s.kernel.open();
      stop_source stop;
      outcome<> out;
      explore::threads([&] { s.kernel.write(handle); }, [&] { stop.state.request(); },
                       [&] {
                         (void)s.poll();
                         frame f;
                         f = await_into(
                             out, chime::async_wait(*s.loop, handle, chime::interest::readable,
                                                    {.deadline = never - std::chrono::seconds(1), .stop = stop.token}));
                         (void)s.poll();
                         f.destroy();
                       });
      check(out.times <= 1, "a coroutine went on twice");
      s.kernel.close(handle);
      s.finish();
    });
  }
}

frame destroy_on_loop(loop_stage& s, frame& other) {
  (void)co_await chime::resume_on(*s.loop);
  other.destroy();
}

// The backend has no room for the watch, and before it is tried again its coroutine goes.
TEST(coro_model, destroyed_watch_that_finds_no_room) {
  expect_holds({.preemptions = 1, .stale_reads = 1}, [] {
    loop_stage s({.full_once = true});
    const int handle = s.kernel.open();
    outcome<> out;
    frame f;
    f = await_into(out, chime::async_wait(*s.loop, handle, chime::interest::readable));
    frame g;
    g = destroy_on_loop(s, f);
    explore::threads([&] { (void)s.poll(); }, [&] { s.kernel.write(handle); });
    check(out.times == 0, "a coroutine went on after its end");
    g.destroy();
    s.kernel.close(handle);
    s.finish();
  });
}

TEST(coro_model, watch_against_its_handle_deadline_and_stop) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    loop_stage s;
    const int handle = s.kernel.open();
    stop_source stop;
    outcome<> out;
    frame f;
    explore::threads([&] { s.kernel.write(handle); }, [&] { stop.state.request(); },
                     [&] {
                       (void)s.poll();
                       f = await_into(out, chime::async_wait(*s.loop, handle, chime::interest::readable,
                                                             {.deadline = long_ago, .stop = stop.token}));
                       poll_until_over(s, out);
                     });
    if (!out.succeeded()) check_error(out.result->error(), true);
    f.destroy();
    s.kernel.close(handle);
    s.finish();
  });
}

}  // namespace
