// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A loop that is a guest of another: its host sleeps on the handle, calls guest_poll(), and learns when to call again.
#include <poll.h>
#include <sys/eventfd.h>

#include <array>
#include <atomic>
#include <vector>

#include "world.hpp"

namespace conformance {
namespace {

using chime::never;
using chime::result;

constexpr time_point at_once = time_point::min();

/// A guest and the plainest host that there is: poll(2) on one handle.
class guest : public testing::TestWithParam<world> {
 protected:
  void SetUp() override {
    open({});
    if (!IsSkipped() && !HasFatalFailure()) open_pool({});
  }
  void TearDown() override {
    if (!loop.guest_poll()) return;  // skipped, or closed by the test
    EXPECT_EQ(pool.close(), 0U);
    EXPECT_TRUE(loop.close());
  }

  void open(std::chrono::nanoseconds spin, unsigned batch = 256) {
    if (std::string_view(GetParam().backend) == "poll") GTEST_SKIP() << "poll cannot be a guest";
    const auto opened = loop.open({.backend = GetParam().backend, .spin = spin, .batch = batch, .guest = true});
    if (!opened && opened.error() == chime::errc::unsupported) GTEST_SKIP() << opened.error().message();
    ASSERT_TRUE(opened) << opened.error().message();
  }
  void open_pool(const chime::pool_options& options) { ASSERT_TRUE(pool.open(loop, options)); }
  void reopen(std::chrono::nanoseconds spin, unsigned batch = 256) {
    ASSERT_EQ(pool.close(), 0U);
    ASSERT_TRUE(loop.close());
    open(spin, batch);
    open_pool({});
  }

  [[nodiscard]] bool handle_is_readable() { return is_readable(loop.handle()); }

  /// One call, and until when the host may sleep.
  time_point guest_poll() {
    ++guest_polls;
    const auto next = loop.guest_poll();
    EXPECT_TRUE(next) << next.error().message();
    return next.value_or(never);
  }
  /// Calls until the guest sleeps; until when, at the latest.
  time_point lull() {
    for (;;) {
      if (const time_point next = guest_poll(); next != at_once) return next;
    }
  }
  /// The host's loop. A lost wake-up ends here.
  template <class Predicate>
  [[nodiscard]] testing::AssertionResult host_until(Predicate is_true) {
    const time_point end = clock::now() + patience;
    while (!is_true()) {
      const time_point next = guest_poll();
      if (is_true()) break;
      if (next == at_once) continue;
      const time_point now = clock::now();
      if (now >= end) return testing::AssertionFailure() << "nothing happened in 30 s";
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(std::min(next, end) - now);
      pollfd waited{static_cast<int>(loop.handle()), POLLIN, 0};
      if (left.count() > 0) (void)::poll(&waited, 1, static_cast<int>(left.count()));
    }
    return testing::AssertionSuccess();
  }

  chime::proactor loop;
  chime::event_pool pool;
  int guest_polls = 0;
};
ON_EVERY_BACKEND(guest);

TEST_P(guest, completes_what_other_threads_signal_while_the_host_sleeps) {
  constexpr int count = 20'000;
  waiter w;
  std::atomic<chime::ticket*> to_signal{nullptr};
  std::thread signaller([&] {
    for (int i = 0; i < count; ++i) {
      chime::ticket* t = nullptr;
      while ((t = to_signal.exchange(nullptr, std::memory_order_acquire)) == nullptr) std::this_thread::yield();
      EXPECT_EQ(t->signal(), signal_result::delivered);
    }
  });
  for (int i = 0; i < count; ++i) {
    chime::event ev = pool.acquire().value();
    chime::ticket t = ev.get_ticket();
    std::move(ev).submit(w);
    to_signal.store(&t, std::memory_order_release);
    ASSERT_TRUE(host_until([&] { return w.completions == i + 1; }));
    ASSERT_EQ(w.outcome(), outcome::success);
    w.ev.reset();
  }
  signaller.join();
  EXPECT_LE(loop.stats().wakeups, static_cast<std::uint64_t>(guest_polls));
}

TEST_P(guest, is_woken_once_for_many_signals) {
  constexpr int count = 100;
  waiter w;
  std::vector<chime::ticket> tickets;
  for (int i = 0; i < count; ++i) {
    chime::event ev = pool.acquire().value();
    tickets.push_back(ev.get_ticket());
    std::move(ev).submit(w);
  }
  EXPECT_EQ(lull(), never);
  EXPECT_FALSE(handle_is_readable());
  const auto before = loop.stats().wakeups;
  for (const chime::ticket& t : tickets) EXPECT_EQ(t.signal(), signal_result::delivered);
  EXPECT_TRUE(handle_is_readable());
  EXPECT_EQ(lull(), never);
  EXPECT_EQ(w.completions, count);
  EXPECT_EQ(loop.stats().wakeups - before, 1U);
  EXPECT_FALSE(handle_is_readable());
}

TEST_P(guest, learns_of_a_deadline_that_is_submitted_while_it_sleeps) {
  EXPECT_EQ(lull(), never);
  waiter w;
  const time_point due = clock::now() + 20ms;
  pool.acquire().value().submit(w, due);
  EXPECT_TRUE(handle_is_readable());
  EXPECT_EQ(lull(), due);
  chime::operation timer;
  waiter sooner;
  loop.submit(timer, sooner, due - 10ms);
  EXPECT_TRUE(handle_is_readable());
  EXPECT_TRUE(host_until([&] { return w.completions == 1; }));
  EXPECT_EQ(w.outcome(), outcome::timed_out);
  EXPECT_GE(w.when, due);
  EXPECT_EQ(sooner.completions, 1);
  w.ev.reset();
}

TEST_P(guest, is_woken_by_wake_by_posts_and_by_cancels) {
  waiter posted;
  waiter cancelled;
  chime::operation post;
  chime::event ev = pool.acquire().value();
  const chime::ticket t = ev.get_ticket();
  std::move(ev).submit(cancelled);
  EXPECT_EQ(lull(), never);
  loop.wake();
  EXPECT_TRUE(handle_is_readable());
  EXPECT_EQ(lull(), never);
  EXPECT_FALSE(handle_is_readable());
  loop.submit(post, posted);
  EXPECT_TRUE(handle_is_readable());
  EXPECT_EQ(lull(), never);
  EXPECT_EQ(posted.completions, 1);
  EXPECT_TRUE(t.cancel());
  EXPECT_TRUE(handle_is_readable());
  EXPECT_EQ(lull(), never);
  EXPECT_EQ(cancelled.outcome(), outcome::cancelled);
  cancelled.ev.reset();
}

TEST_P(guest, shows_by_its_handle_what_the_kernel_has) {
  ASSERT_EQ(pool.close(), 0U);
  open_pool({.initial_capacity = 1, .native = true});
  waiter native;
  chime::event ev = pool.acquire().value();
  const chime::native_handle handle = ev.native().value();
  std::move(ev).submit(native);
  auto pipe = descriptor_pair::pipe();
  chime::operation watch;
  waiter watched;
  loop.submit(watch, watched, pipe.first, chime::interest::readable);
  EXPECT_EQ(lull(), never);
  EXPECT_FALSE(handle_is_readable());
  ASSERT_TRUE(foreign_signal(handle, world::kind::native_eventfd));
  EXPECT_TRUE(handle_is_readable());
  EXPECT_TRUE(host_until([&] { return native.completions == 1; }));
  EXPECT_EQ(native.outcome(), outcome::success);
  native.ev.reset();
  EXPECT_EQ(lull(), never);
  ASSERT_TRUE(write_byte(pipe.second));
  EXPECT_TRUE(handle_is_readable());
  EXPECT_TRUE(host_until([&] { return watched.completions == 1; }));
  EXPECT_EQ(watched.outcome(), outcome::success);
  EXPECT_EQ(lull(), never);
  EXPECT_FALSE(handle_is_readable());
}

TEST_P(guest, asks_for_another_call_when_a_batch_was_not_enough) {
  reopen({}, 16);
  waiter w;
  std::vector<chime::ticket> tickets;
  for (int i = 0; i < 40; ++i) {
    chime::event ev = pool.acquire().value();
    tickets.push_back(ev.get_ticket());
    std::move(ev).submit(w);
  }
  for (const chime::ticket& t : tickets) (void)t.signal();
  EXPECT_EQ(guest_poll(), at_once);
  EXPECT_EQ(w.completions, 16);
  EXPECT_EQ(guest_poll(), at_once);
  EXPECT_EQ(w.completions, 32);
  EXPECT_EQ(lull(), never);
  EXPECT_EQ(w.completions, 40);
}

// What follows from a completion, the next wait with a deadline above all, needs no ring.
TEST_P(guest, is_not_asleep_right_after_completions) {
  waiter w;
  w.ev = pool.acquire().value();
  EXPECT_EQ(lull(), never);
  for (int round = 0; round < 3; ++round) {
    (void)w.ev.get_ticket().signal();
    std::move(w.ev).submit(w);
    const std::uint64_t looks = loop.stats().kernel_checks;
    EXPECT_EQ(guest_poll(), at_once);
    ASSERT_TRUE(w.ev) << "not completed";
    // Nor does what follows wait for the look at the kernel that comes before falling asleep.
    EXPECT_TRUE(loop.backend() != "epoll" || loop.stats().kernel_checks == looks);
    const chime::ticket canceller = w.ev.get_ticket();
    const std::uint64_t wakeups = loop.stats().wakeups;
    const time_point deadline = clock::now() + 1h;
    std::move(w.ev).submit(w, deadline);
    EXPECT_EQ(lull(), deadline);
    EXPECT_EQ(loop.stats().wakeups, wakeups);
    EXPECT_TRUE(canceller.cancel());
    EXPECT_TRUE(host_until([&] { return static_cast<bool>(w.ev); }));
    EXPECT_EQ(lull(), never);
  }
  w.ev.reset();
}

TEST_P(guest, is_not_asleep_right_after_what_the_kernel_reports) {
  const auto ends = descriptor_pair::pipe();
  chime::operation watch;
  waiter w;
  loop.submit(watch, w, ends.first, chime::interest::readable);
  EXPECT_EQ(lull(), never);
  ASSERT_TRUE(write_byte(ends.second));
  while (w.completions == 0) EXPECT_EQ(guest_poll(), at_once);
  EXPECT_EQ(lull(), never);
}

// One that spins stays awake for a while after a completion, so that the next signal costs no system call.
TEST_P(guest, that_spins_stays_awake_for_a_while) {
  reopen(1s);
  waiter w;
  const auto signal_one = [&] {
    chime::event ev = pool.acquire().value();
    const chime::ticket t = ev.get_ticket();
    std::move(ev).submit(w);
    (void)t.signal();
  };
  signal_one();
  EXPECT_EQ(guest_poll(), at_once);
  EXPECT_EQ(w.completions, 1);
  const time_point spinning_since = clock::now();
  const auto before = loop.stats().sleeps;
  const time_point after_a_vain_call = guest_poll();
  signal_one();
  const bool rang = handle_is_readable();
  if (clock::now() - spinning_since > 500ms) GTEST_SKIP() << "this machine stood still for as long as the guest spins";
  EXPECT_EQ(after_a_vain_call, at_once);
  EXPECT_FALSE(rang);
  EXPECT_EQ(guest_poll(), at_once);
  EXPECT_EQ(w.completions, 2);
  EXPECT_EQ(loop.stats().sleeps, before);
}

TEST_P(guest, that_spins_falls_asleep_in_the_end) {
  reopen(1ms);
  waiter w;
  pool.acquire().value().submit(w, clock::now());
  EXPECT_TRUE(host_until([&] { return w.completions == 1; }));
  EXPECT_EQ(lull(), never);
  w.ev.reset();
}

TEST_P(guest, gives_back_the_events_of_a_cache_in_another_thread) {
  // Four events for all: they have to come home, for as many waits as there are.
  ASSERT_EQ(pool.close(), 0U);
  open_pool({.initial_capacity = 4, .maximum_capacity = 4});
  constexpr int count = 5'000;
  std::atomic<int> completed{0};
  auto done = [&](chime::completion&& c) {
    EXPECT_FALSE(c.error);
    completed.fetch_add(1, std::memory_order_relaxed);
  };
  std::thread producer([&] {
    chime::event_cache cache(pool);
    for (int i = 0; i < count;) {
      auto got = cache.acquire();
      if (!got) {
        std::this_thread::yield();
        continue;
      }
      const chime::ticket t = got->get_ticket();
      std::move(*got).submit(done);
      EXPECT_EQ(t.signal(), signal_result::delivered);
      ++i;
    }
  });
  EXPECT_TRUE(host_until([&] { return completed.load(std::memory_order_relaxed) == count; }));
  producer.join();
}

// On a strand the host's threads take turns. A ring stays with the first of them.
TEST_P(guest, may_be_driven_by_several_threads_in_turn_but_on_io_uring) {
  waiter w;
  chime::event ev = pool.acquire().value();
  const chime::ticket t = ev.get_ticket();
  std::move(ev).submit(w);
  EXPECT_EQ(lull(), never);
  (void)t.signal();
  result<time_point> next;
  std::thread([&] { next = loop.guest_poll(); }).join();
  if (loop.backend().starts_with("io_uring")) {
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error(), chime::errc::wrong_thread);
    EXPECT_EQ(lull(), never);
  } else {
    EXPECT_EQ(next, at_once);
    EXPECT_EQ(lull(), never);
  }
  EXPECT_EQ(w.outcome(), outcome::success);
  w.ev.reset();
}

TEST_P(guest, refuses_a_second_call_at_the_same_time) {
  result<time_point> from_inside;
  result<time_point> from_another_thread;
  auto done = [&](chime::completion&&) {
    from_inside = loop.guest_poll();
    std::thread([&] { from_another_thread = loop.guest_poll(); }).join();
  };
  chime::operation post;
  loop.submit(post, done);
  EXPECT_EQ(lull(), never);
  ASSERT_FALSE(from_inside);
  EXPECT_EQ(from_inside.error(), chime::fault::polling);
  ASSERT_FALSE(from_another_thread);
  EXPECT_EQ(from_another_thread.error(), chime::errc::wrong_thread);
}

TEST_P(guest, refuses_poll_and_run) {
  const auto polled = loop.poll();
  ASSERT_FALSE(polled);
  EXPECT_EQ(polled.error(), chime::fault::driven_by_host);
  loop.stop();
  const auto ran = loop.run();
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error(), chime::fault::driven_by_host);
}

TEST_P(guest, closes_while_it_sleeps_and_somebody_wakes_it) {
  EXPECT_EQ(lull(), never);
  loop.wake();
  EXPECT_EQ(pool.close(), 0U);
  EXPECT_TRUE(loop.close());
  EXPECT_EQ(loop.handle(), -1);
}

TEST(guest_options, only_a_guest_has_a_handle_and_guest_poll) {
  chime::proactor loop;
  EXPECT_EQ(loop.handle(), -1);
  EXPECT_EQ(loop.guest_poll().error(), chime::fault::loop_closed);
  ASSERT_TRUE(loop.open());
  EXPECT_EQ(loop.handle(), -1);
  EXPECT_EQ(loop.guest_poll().error(), chime::fault::not_a_guest);
}

TEST(guest_options, guests_are_at_home_in_an_epoll_and_never_in_poll) {
  if (std::getenv("CHIME_BACKEND") == nullptr) {
    chime::proactor loop;
    ASSERT_TRUE(loop.open({.guest = true}));
    EXPECT_EQ(loop.backend(), "epoll") << loop.backend_choice();
  }
  chime::proactor poll;
  const auto opened = poll.open({.backend = "poll", .guest = true});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), chime::fault::backend_unusable);
}

}  // namespace
}  // namespace conformance
