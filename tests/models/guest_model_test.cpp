// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The loop as a guest (src/proactor/guest.cpp): a host that sleeps on its handle for as long as guest_poll() says, against
/// everything that must wake it. A wake-up that is lost is a deadlock.
#include "loop_stage.hpp"

#include <array>

namespace explore = chime::explore;
using namespace chime::models;
using chime::event;
using chime::never;
using chime::operation;
using chime::signal_result;
using chime::ticket;
using chime::time_point;

namespace {

struct guest_stage : loop_stage {
  unsigned polls = 0;  // a ghost

  guest_stage() : loop_stage({}, {}, true) {}

  /// The host's part, as often as need be. (No deadline here lies in the future.)
  void drive_until(const wait_record& w) {
    while (w.completions == 0) {
      ++polls;
      const auto next = loop->guest_poll();
      check(next.has_value(), "guest_poll failed");
      if (w.completions == 0 && *next == never) kernel.await(static_cast<int>(loop->handle()));
    }
    check(w.completions == 1, "more than one completion for a submit");
  }
  void finish() {
    check(loop->guest_poll().has_value(), "guest_poll failed");
    close();
  }
};

TEST(guest_model, two_signals_against_sleeps) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    guest_stage s;
    std::array<wait_record, 2> waits;
    std::array<ticket, 2> tickets;
    std::array<chime::sync::plain<int>, 2> written{};
    for (std::size_t i = 0; i < 2; ++i) {
      event ev = s.acquire();
      tickets[i] = ev.get_ticket();
      std::move(ev).submit(waits[i].then());
    }
    const auto signal = [&](std::size_t i) {
      written[i].set(1);
      check(tickets[i].signal() == signal_result::delivered, "the only signal was not delivered");
    };
    explore::threads([&] { signal(0); }, [&] { signal(1); },
                     [&] {
                       for (std::size_t i = 0; i < 2; ++i) {
                         s.drive_until(waits[i]);
                         check(written[i].get() == 1, "a completion without its data");
                       }
                     });
    check(s.kernel.rings() <= s.polls, "more than one wake-up for a guest_poll");
    for (wait_record& w : waits) w.ev.reset();
    s.finish();
  });
}

// What only the loop can do for a wait must wake it too: a deadline is the host's to know, a cancel the loop's to deliver.
TEST(guest_model, submit_with_a_deadline_and_a_post_against_sleeps) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    guest_stage s;
    event ev = s.acquire();
    wait_record w;
    wait_record posted;
    operation post;
    explore::threads([&] { std::move(ev).submit(w.then(), long_ago); }, [&] { s.loop->submit(post, posted.then()); },
                     [&] {
                       s.drive_until(w);
                       s.drive_until(posted);
                     });
    check(w.timed_out() && posted.succeeded(), "the wrong errors");
    w.ev.reset();
    s.finish();
  });
}

TEST(guest_model, signal_against_cancel_against_sleeps) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] {
    guest_stage s;
    event ev = s.acquire();
    const ticket t = ev.get_ticket();
    wait_record w;
    bool cancelled = false;
    std::move(ev).submit(w.then());
    explore::threads([&] { (void)t.signal(); }, [&] { cancelled = t.cancel(); }, [&] { s.drive_until(w); });
    w.check_outcome(cancelled);
    w.ev.reset();
    s.finish();
  });
}

TEST(guest_model, wake_against_a_sleep_and_close) {
  expect_holds({.preemptions = 4, .stale_reads = 3}, [] {
    guest_stage s;
    explore::threads([&] { s.loop->wake(); }, [&] { check(s.loop->guest_poll().has_value(), "guest_poll failed"); });
    s.close();  // waits for a ring that is owed, whether or not the guest has noticed the wake
  });
}

// Two of the host's threads, one after the other, as on a strand. What the first leaves is seen by the second, and the first
// is no polling thread any more: what it releases then is everybody's at once.
TEST(guest_model, threads_in_turn) {
  expect_holds({.preemptions = 2, .stale_reads = 2}, [] {
    chime::pool_options only_event;
    only_event.initial_capacity = only_event.maximum_capacity = 1;
    loop_stage s({}, only_event, true);
    wait_record w;
    event ev = s.acquire();
    const ticket t = ev.get_ticket();
    std::move(ev).submit(w.then());
    check(t.signal() == signal_result::delivered, "the only signal was not delivered");
    flag handed_over;
    explore::threads(
        [&] {
          check(s.loop->guest_poll().has_value(), "guest_poll failed");
          check(w.completions == 1, "what was signalled before did not complete");
          handed_over.raise();
          w.ev.reset();
          check(s.pool->acquire().has_value(), "an event that was released is not to be had");
        },
        [&] {
          handed_over.await();
          check(s.loop->guest_poll().has_value(), "the second thread was refused");
        });
    check(s.loop->guest_poll().has_value(), "guest_poll failed");
    s.close();
  });
}

// Two that are not serialised: one of them may be told so, and nothing is harmed. If neither is, one has seen all that the
// other did.
TEST(guest_model, two_at_once) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] {
    guest_stage s;
    wait_record w;
    event ev = s.acquire();
    const ticket t = ev.get_ticket();
    std::move(ev).submit(w.then());
    chime::sync::plain<int> ran{0};
    auto count = [&](chime::completion&&) { ran.set(ran.get() + 1); };
    std::array<operation, 2> posts;
    s.loop->submit(posts[0], count);
    chime::result<time_point> one;
    chime::result<time_point> other;
    explore::threads([&] { one = s.loop->guest_poll(); }, [&] { other = s.loop->guest_poll(); },
                     [&] {
                       check(t.signal() == signal_result::delivered, "the only signal was not delivered");
                       s.loop->submit(posts[1], count);
                     });
    check(one || other, "both were refused");
    check(one || one.error() == chime::errc::wrong_thread, "the wrong error");
    check(other || other.error() == chime::errc::wrong_thread, "the wrong error");
    s.drive_until(w);
    w.ev.reset();
    while (ran.get() != 2) check(s.loop->guest_poll().has_value(), "guest_poll failed");
    s.finish();
  });
}

// What the refused thread has done to the backend is seen by the one that comes after it.
TEST(guest_model, another_drives_after_one_was_refused) {
  expect_holds({.preemptions = 3, .stale_reads = 2}, [] {
    loop_stage s({.refuses_first = true}, {}, true);
    chime::result<time_point> one;
    chime::result<time_point> other;
    explore::threads([&] { one = s.loop->guest_poll(); }, [&] { other = s.loop->guest_poll(); });
    check(!one || !other, "the backend refused nobody");
    s.close();
  });
}

}  // namespace
