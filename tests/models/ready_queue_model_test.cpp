// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The ready queue with its doorbell (src/event/ready_queue.hpp, inbox.hpp): pushes and wake() against a loop that
/// polls, sleeps and is destroyed. A wake-up that is lost is a deadlock; a debt that is not counted is a use of a
/// dead object.
#include "event/inbox.hpp"
#include "machine.hpp"
#include "model.hpp"

#include <array>
#include <optional>

namespace explore = chime::explore;
using chime::detail::inbox;
using chime::detail::node;
using chime::detail::ready_queue;
using chime::models::expect_breaks;
using chime::models::expect_holds;
using chime::models::machine;
using chime::sync::plain;
using explore::check;

namespace {

struct item : node {
  plain<int> payload{0};
  explicit item(int number) : payload(number) {}
};

// A twin whose owner does not wait for the rings that are owed.
struct does_not_wait : inbox {};

// The product's end of a loop, or a twin of it that has a bug.
template <class Inbox>
struct stage {
  machine kernel;
  std::optional<Inbox> in{std::in_place};
  std::array<std::optional<item>, 3> items;
  int taken = 0;
  unsigned sleeps = 0;
  bool woken = false;

  stage() { check(in->bell.open() == 0, "no doorbell"); }

  void push(int number) {
    auto& it = items[static_cast<std::size_t>(number)];
    it.emplace(number);
    in->post(*it);
  }

  // The newest comes first. The pusher's last touch is the push, so the loop may free the items.
  void collect(ready_queue::taken got) {
    woken = woken || got.woken;
    bool older_follows = false;
    for (node* n = got.newest; n != nullptr;) {
      auto* it = static_cast<item*>(n);
      const int number = it->payload.get();
      n = reinterpret_cast<node*>(it->next.load(std::memory_order_relaxed));
      if (number == 1) older_follows = items[0].has_value();  // Items 0 and 1 are of one thread, in this order.
      if (number == 0) older_follows = false;
      items[static_cast<std::size_t>(number)].reset();
      ++taken;
    }
    check(!older_follows, "the items of a thread were taken out of order");
  }

  // Polls until it has seen so many items, and a wake if one is to come. The first sleeps may time out.
  void poll_until(int number, bool wake, unsigned timed_sleeps) {
    for (;;) {
      collect(in->queue.take());
      if (taken == number && woken == wake) return;
      if (!in->queue.fall_asleep()) continue;
      kernel.rest(sleeps++ < timed_sleeps);
      collect(in->queue.wake_up());
    }
  }

  void close() {
    while (!in->queue.settled() && !std::is_same_v<Inbox, does_not_wait>) chime::sync::relax();
    check(std::is_same_v<Inbox, does_not_wait> || kernel.rings() == in->queue.ended(),
          "rings, and sleeps that were ended, differ");
    in.reset();
  }
};

template <class Inbox>
void pushes_and_wake(unsigned timed_sleeps) {
  stage<Inbox> s;
  explore::threads([&] { s.push(0); }, [&] { s.push(2); }, [&] { s.in->wake(); },
                   [&] {
                     s.poll_until(2, true, timed_sleeps);
                     s.close();
                   });
  check(s.taken == 2 && s.sleeps <= 3 + timed_sleeps, "more sleeps than causes to wake");
}

TEST(ready_queue_model, two_pushes_and_wake_against_sleep) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] { pushes_and_wake<inbox>(0); });
}
TEST(ready_queue_model, two_pushes_and_wake_against_sleeps_that_time_out) {
  expect_holds({.preemptions = 2, .stale_reads = 1, .time_outs = 2}, [] { pushes_and_wake<inbox>(2); });
}

// One thread pushes twice, another once: the loop sleeps up to four times, two of them with a time-out, and is
// destroyed as soon as it has everything, while pushers may still owe their rings.
template <class Inbox>
void three_pushes() {
  stage<Inbox> s;
  explore::threads(
      [&] {
        s.push(0);
        s.push(1);
      },
      [&] { s.push(2); },
      [&] {
        s.poll_until(3, false, 2);
        s.close();
      });
  check(s.taken == 3, "not every item was taken");
}

TEST(ready_queue_model, three_pushes_against_sleeps_and_destruction) {
  expect_holds({.preemptions = 3, .stale_reads = 0, .time_outs = 2}, [] { three_pushes<inbox>(); });
}

// Twins with one bug each.
// The order of ring and payment turned round.
struct pays_first : inbox {
  void post(node& n) noexcept {
    if (!queue.push(n)) return;
    queue.settle();
    bell.ring();
  }
  void wake() noexcept {
    if (!queue.wake()) return;
    queue.settle();
    bell.ring();
  }
};

// Rings only if the loop slept when it was looked at: the push that falls before the sleep is lost.
struct looks_first : inbox {
  bool asleep = false;  // stands for a flag beside the queue, seen at once by everybody
  void post(node& n) noexcept {
    const bool owed = asleep;
    (void)queue.push(n);
    if (owed) bell.ring();
  }
};

TEST(ready_queue_model, destruction_before_the_payment_breaks_it) {
  expect_breaks({.preemptions = 3, .time_outs = 2}, "still use it", three_pushes<does_not_wait>);
}

TEST(ready_queue_model, payment_before_the_ring_breaks_it) {
  expect_breaks({.preemptions = 3, .time_outs = 2}, "still use it", three_pushes<pays_first>);
}

TEST(ready_queue_model, a_wake_up_by_a_second_word_breaks_it) {
  expect_breaks({.preemptions = 3, .time_outs = 2}, "deadlock", [] {
    stage<looks_first> s;
    explore::threads([&] { s.push(0); },
                     [&] {
                       while (s.taken == 0) {
                         s.collect(s.in->queue.take());
                         if (s.taken != 0 || !s.in->queue.fall_asleep()) continue;
                         s.in->asleep = true;
                         s.kernel.rest(false);
                         s.in->asleep = false;
                         s.collect(s.in->queue.wake_up());
                       }
                     });
  });
}

}  // namespace
