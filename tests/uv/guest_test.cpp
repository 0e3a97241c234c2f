// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// chime::uv_guest: waits end inside uv_run(), which returns when none is outstanding.
#include "uv/world.hpp"

namespace uv_test {
namespace {

class uv_guest : public in_libuv {};
ON_EVERY_GUEST_BACKEND(uv_guest);

TEST_P(uv_guest, run_returns_at_once_without_a_wait) { run(); }

TEST_P(uv_guest, a_signal_of_another_thread_ends_a_wait_and_run) {
  for (int i = 0; i < 100; ++i) {
    chime::event ev = first.acquire();
    std::thread signaller([name = ev.get_ticket()] { name.signal(); });
    chime::uv_wait wait;
    waiter w;
    guest.submit(wait, std::move(ev), w);
    run();
    EXPECT_EQ(w.outcome(), outcome::success);
    EXPECT_EQ(w.completions, 1);
    EXPECT_TRUE(w.ev);
    signaller.join();
  }
}

TEST_P(uv_guest, a_signal_wakes_a_loop_that_sleeps) {
  chime::event ev = first.acquire();
  const chime::ticket name = ev.get_ticket();
  chime::uv_wait wait;
  waiter w;
  guest.submit(wait, std::move(ev), w);
  std::thread signaller;
  // Whoever sleeps in the kernel has no callback that could tell, but it goes to sleep after its last one.
  repeat_until([&] {
    if (!is_asleep()) return false;
    signaller = std::thread([name] { name.signal(); });
    return true;
  });
  run();
  signaller.join();
  EXPECT_EQ(w.outcome(), outcome::success);
}

TEST_P(uv_guest, an_event_signalled_before_its_submit_completes_inside_run) {
  chime::event ev = first.acquire();
  ev.get_ticket().signal();
  chime::uv_wait wait;
  waiter w;
  guest.submit(wait, std::move(ev), w);
  EXPECT_EQ(w.outcome(), outcome::pending);
  run();
  EXPECT_EQ(w.outcome(), outcome::success);
}

TEST_P(uv_guest, a_deadline_is_not_served_early) {
  for (const auto time : {0us, 1us, 700us, 2300us, 10000us}) {
    const time_point deadline = clock::now() + time;
    chime::uv_wait wait;
    waiter w;
    guest.submit(wait, first.acquire(), w, deadline);
    run();
    EXPECT_EQ(w.outcome(), outcome::timed_out);
    EXPECT_GE(w.when, deadline);
  }
}

TEST_P(uv_guest, the_host_sleeps_until_a_deadline) {
  chime::uv_wait wait;
  waiter w;
  guest.submit(wait, first.acquire(), w, clock::now() + 10'500us);
  run();
  EXPECT_EQ(w.outcome(), outcome::timed_out);
  // One before it sleeps, one when the time has come; libuv's clock may bring it up to two milliseconds too early.
  EXPECT_LE(guest.turns(), 5U);
}

TEST_P(uv_guest, a_cancel_of_another_thread_ends_a_wait_and_run) {
  chime::event ev = first.acquire();
  const chime::ticket name = ev.get_ticket();
  chime::uv_wait wait;
  waiter w;
  guest.submit(wait, std::move(ev), w);
  std::thread canceller([name] { EXPECT_TRUE(name.cancel()); });
  run();
  canceller.join();
  EXPECT_EQ(w.outcome(), outcome::cancelled);
}

TEST_P(uv_guest, a_cancel_on_the_loops_own_thread_ends_a_wait_and_run) {
  chime::event ev = first.acquire();
  const chime::ticket name = ev.get_ticket();
  chime::uv_wait wait;
  waiter w;
  guest.submit(wait, std::move(ev), w);
  repeat_until([&] { return is_asleep() && name.cancel(); });
  run();
  EXPECT_EQ(w.outcome(), outcome::cancelled);
}

TEST_P(uv_guest, a_deadline_submitted_in_a_callback_of_the_host_is_learned) {
  chime::uv_wait wait;
  waiter w;
  repeat_until([&] {
    if (!is_asleep()) return false;
    guest.submit(wait, first.acquire(), w, clock::now() + 1ms);
    return true;
  });
  run();
  EXPECT_EQ(w.outcome(), outcome::timed_out);
}

TEST_P(uv_guest, a_deadline_submitted_by_another_thread_rings_the_handle) {
  guest.start();
  chime::operation timer;
  auto due = [this](chime::completion&& c) {
    EXPECT_FALSE(c.error);
    guest.stop();
  };
  chime::callback done = due;
  std::thread submitter;
  repeat_until([&] {
    if (!is_asleep()) return false;
    submitter = std::thread([&] { loop.submit(timer, done, clock::now() + 2ms); });
    return true;
  });
  run();
  submitter.join();
}

TEST_P(uv_guest, an_earlier_deadline_replaces_a_later_one) {
  chime::event late = first.acquire();
  const chime::ticket late_name = late.get_ticket();
  chime::uv_wait late_wait;
  chime::uv_wait early_wait;
  waiter late_waiter;
  waiter early_waiter;
  guest.submit(late_wait, std::move(late), late_waiter, clock::now() + 1h);
  repeat_until([&] {
    if (!is_asleep()) return false;
    guest.submit(early_wait, first.acquire(), early_waiter, clock::now() + 1ms);
    return true;
  });
  repeat_until([&] { return early_waiter.outcome() == outcome::timed_out && late_name.cancel(); });
  run();
  EXPECT_EQ(early_waiter.outcome(), outcome::timed_out);
  EXPECT_EQ(late_waiter.outcome(), outcome::cancelled);
}

TEST_P(uv_guest, a_completion_may_submit_its_wait_again) {
  struct again {
    chime::uv_guest& in;
    chime::uv_wait wait{};
    int left = 50;
    void done(chime::completion&& c) noexcept {
      EXPECT_FALSE(c.error);
      if (--left == 0) return;
      c.ev.get_ticket().signal();
      in.submit(wait, std::move(c.ev), chime::callback::to<&again::done>(*this));
    }
  } one{guest};
  chime::event ev = first.acquire();
  ev.get_ticket().signal();
  guest.submit(one.wait, std::move(ev), chime::callback::to<&again::done>(one));
  run();
  EXPECT_EQ(one.left, 0);
}

TEST_P(uv_guest, run_lasts_from_start_to_stop) {
  bool stopped = false;
  guest.start();
  guest.start();
  after(1ms, [&] { guest.stop(); });
  std::thread poster;
  chime::operation post;
  auto posted = [&](chime::completion&&) {
    stopped = true;
    guest.stop();
  };
  chime::callback done = posted;
  after(5ms, [&] { poster = std::thread([&] { loop.submit(post, done); }); });
  run();
  EXPECT_TRUE(stopped);
  poster.join();
}

TEST_P(uv_guest, run_returns_although_an_uncounted_deadline_is_far) {
  chime::operation far;
  waiter w;
  loop.submit(far, w, clock::now() + 1h);
  repeat_until([&] { return is_asleep(); });
  run();
  EXPECT_TRUE(loop.cancel(far));
  repeat_until([&] { return w.completions == 1; });
  run();
  EXPECT_EQ(w.outcome(), outcome::cancelled);
}

TEST_P(uv_guest, a_deadline_that_was_cancelled_does_not_wake_the_host) {
  chime::event ev = first.acquire();
  const chime::ticket name = ev.get_ticket();
  chime::uv_wait wait;
  waiter w;
  guest.submit(wait, std::move(ev), w, clock::now() + 200ms);
  // On a machine that is too slow for it the deadline comes first, and nothing is learned.
  repeat_until([&] { return is_asleep() && (name.cancel() || w.completions == 1); });
  std::uint64_t turns = 0;
  repeat_until([&] {
    turns = guest.turns();
    return w.completions == 1 && is_asleep();
  });
  after(220ms, [] {});
  run();
  EXPECT_EQ(guest.turns(), turns);
}

TEST_P(uv_guest, the_loop_serves_the_host_meanwhile) {
  int ticks = 0;
  chime::event ev = first.acquire();
  const chime::ticket name = ev.get_ticket();
  chime::uv_wait wait;
  waiter w;
  guest.submit(wait, std::move(ev), w);
  repeat_until([&] {
    if (++ticks == 5) name.signal();
    return ticks == 5;
  });
  run();
  EXPECT_EQ(ticks, 5);
  EXPECT_EQ(w.outcome(), outcome::success);
}

TEST_P(uv_guest, several_live_in_one_loop) {
  lodger second;
  lodger third;
  second.open(host, GetParam());
  third.open(host, GetParam());
  constexpr int rounds = 100;
  struct ring {  // each completion signals the next guest's event
    lodger& at;
    ring* next = nullptr;
    chime::uv_wait wait{};
    chime::ticket name{};
    int left = rounds;
    void arm() {
      chime::event ev = at.acquire();
      name = ev.get_ticket();
      at.guest.submit(wait, std::move(ev), chime::callback::to<&ring::done>(*this));
    }
    void done(chime::completion&& c) noexcept {
      EXPECT_FALSE(c.error);
      c.ev.reset();
      if (--left > 0) arm();
      next->name.signal();
    }
  } a{first}, b{second}, c{third};
  a.next = &b, b.next = &c, c.next = &a;
  a.arm(), b.arm(), c.arm();
  a.name.signal();
  run();
  EXPECT_EQ(a.left + b.left + c.left, 0);
  second.close();
  third.close();
  EXPECT_EQ(uv_run(&host, UV_RUN_DEFAULT), 0);
}

}  // namespace
}  // namespace uv_test
