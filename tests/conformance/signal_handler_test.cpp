// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Tickets, wake and stop in handlers of POSIX signals (E1, L2).
#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "world.hpp"

namespace conformance {
namespace {

std::atomic<const chime::ticket*> handlers_ticket{nullptr};
std::atomic<chime::proactor*> handlers_loop{nullptr};
std::atomic<bool> handler_stops{false};
std::atomic<int> handled{0};

#if defined(__SANITIZE_THREAD__)
constexpr bool handlers_are_deferred = true;
#else
constexpr bool handlers_are_deferred = false;
#endif

/// Sends a signal to a thread, once. But ThreadSanitizer defers handlers to the thread's next intercepted call, which
/// may lie behind a sleep that the signal came too early to interrupt: there it is sent until it has arrived. (Polls
/// have a timeout here for the same reason: they look at the clock when they are interrupted, and that is such a call.)
template <class Predicate>
void send_until(pthread_t to, Predicate arrived) {
  do {
    ::pthread_kill(to, SIGUSR1);
    if (handlers_are_deferred) std::this_thread::sleep_for(100us);
  } while (handlers_are_deferred && !arrived());
}
void send_signal(pthread_t to) {
  send_until(to, [before = handled.load()] { return handled.load() > before; });
}

extern "C" void on_signal(int) {
  const int kept = errno;
  errno = ERANGE;
  const chime::ticket* t = handlers_ticket.exchange(nullptr);
  chime::proactor* l = handlers_loop.load();
  if (t != nullptr) {
    t->signal();
    t->signal();
    (void)t->expired();
  }
  if (l != nullptr) handler_stops ? l->stop() : l->wake();
  if ((t != nullptr || l != nullptr) && errno == ERANGE) handled.fetch_add(1);  // counts only if errno was left alone
  errno = kept;
}

struct signal_handler : in_world {
  void SetUp() override {
    in_world::SetUp();
    if (IsSkipped() || HasFailure()) return;
    open_pool();
    handlers_ticket = nullptr;
    handlers_loop = nullptr;
    handler_stops = false;
    handled = 0;
    struct sigaction action = {};
    action.sa_handler = on_signal;  // without SA_RESTART: system calls are interrupted
    ASSERT_EQ(::sigaction(SIGUSR1, &action, &before_), 0);
    installed_ = true;
  }
  void TearDown() override {
    handlers_loop = nullptr;
    if (installed_) ::sigaction(SIGUSR1, &before_, nullptr);
    in_world::TearDown();
  }

 private:
  struct sigaction before_ = {};
  bool installed_ = false;
};
IN_EVERY_WORLD(signal_handler);

TEST_P(signal_handler, on_the_loop_thread_completes_a_wait) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  for (const bool seen : {false, true}) {
    waiter& w = submit(std::move(ev));
    if (seen) let_the_loop_see();
    handlers_ticket = &t;
    ASSERT_EQ(::raise(SIGUSR1), 0);
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::success);
    ev = std::move(w.ev);
  }
  EXPECT_EQ(handled, 2);
}

TEST_P(signal_handler, inside_a_callback_completes_a_wait) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  waiter& w = submit(std::move(ev));
  auto callback = [&](chime::completion&&) {
    handlers_ticket = &t;
    ::raise(SIGUSR1);
  };
  loop.submit(make_operation(), callback);
  ASSERT_TRUE(complete(w));
  EXPECT_EQ(w.outcome(), outcome::success);
}

/// Each round hits the loop's thread anywhere on its way into and out of its sleep.
TEST_P(signal_handler, on_a_loop_thread_that_sleeps_or_is_about_to_completes_every_wait) {
  const int rounds = sanitized ? 50 : 300;
  const pthread_t loop_thread = ::pthread_self();
  std::atomic<int> ready{0};
  std::atomic<bool> over{false};
  std::thread sender([&] {
    for (int sent = 0; !over;) {
      if (ready.load() == sent) {
        std::this_thread::yield();
        continue;
      }
      for (int delay = 0; delay < sent % 40 * 20; ++delay) (void)ready.load();
      send_signal(loop_thread);
      ++sent;
    }
  });
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  for (int round = 1; round <= rounds && !HasFailure(); ++round) {
    waiter w;
    std::move(ev).submit(w);
    handlers_ticket = &t;
    ready = round;
    EXPECT_TRUE(complete(w)) << "round " << round;
    EXPECT_EQ(w.outcome(), outcome::success);
    ev = std::move(w.ev);
    EXPECT_TRUE(eventually([&] { return handled.load() == round; }));
    // The handler's second signal may have come after the completion: it is kept then.
    waiter next;
    std::move(ev).submit(next);
    (void)t.cancel();
    EXPECT_TRUE(complete(next));
    ev = std::move(next.ev);
  }
  over = true;
  sender.join();
}

TEST_P(signal_handler, on_another_thread_completes_waits) {
  const int rounds = sanitized ? 20 : 100;
  std::atomic<bool> over{false};
  std::thread victim([&] {
    while (!over) std::this_thread::yield();
  });
  for (int round = 1; round <= rounds && !HasFailure(); ++round) {
    chime::event ev = acquire();
    const chime::ticket t = ev.get_ticket();
    waiter& w = submit(std::move(ev));
    handlers_ticket = &t;
    send_signal(victim.native_handle());
    EXPECT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::success);
    EXPECT_TRUE(eventually([&] { return handled.load() == round; }));
    w.ev.reset();
  }
  over = true;
  victim.join();
}

TEST_P(signal_handler, that_interrupts_the_sleep_for_nothing_does_not_end_the_poll) {
  const pthread_t loop_thread = ::pthread_self();
  std::thread sender([&] {
    for (int i = 0; i < 20; ++i) {
      const auto before = loop.stats().sleeps;
      EXPECT_TRUE(eventually([&] {
        send_until(loop_thread, [&] { return loop.stats().sleeps > before; });
        return loop.stats().sleeps > before;
      }));
    }
    loop.wake();
  });
  EXPECT_EQ(loop.poll(patience).value_or(99), 0U);
  sender.join();
}

TEST_P(signal_handler, may_wake_the_loop) {
  handlers_loop = &loop;
  const pthread_t loop_thread = ::pthread_self();
  std::thread sender([&] {
    EXPECT_TRUE(eventually([&] { return loop.stats().sleeps != 0; }));
    send_signal(loop_thread);
  });
  const time_point before = clock::now();
  EXPECT_EQ(loop.poll(patience).value_or(99), 0U);
  EXPECT_LT(clock::now() - before, patience);
  sender.join();
  EXPECT_GE(handled, 1);
}

TEST_P(signal_handler, may_stop_the_loop) {
  handlers_loop = &loop;
  handler_stops = true;
  const pthread_t here = ::pthread_self();
  // A timer far away: run() looks at the clock then (see above).
  waiter& far = make_waiter();
  chime::operation& timer = make_operation();
  loop.submit(timer, far, clock::now() + 1h);
  for (int i = 1; i <= 5; ++i) {
    std::thread sender([&] { send_signal(here); });
    ASSERT_TRUE(loop.run());
    sender.join();
    ASSERT_TRUE(eventually([&] { return handled.load() >= i; }));
  }
  EXPECT_TRUE(loop.cancel(timer));
  ASSERT_TRUE(complete(far));
}

}  // namespace
}  // namespace conformance
