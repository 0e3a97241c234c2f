// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Signals sent from signal handlers: on any thread, the one that waits included, and errno is kept.
#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <thread>

#include "pool_fixture.hpp"
#include "together.hpp"

namespace {

using chime::signal_result;
using chime_test::acquire_from;
using chime_test::error_of;
using chime_test::eventually;
using chime_test::patience;
using chime_test::phase;
using chime_test::phase_of;

constexpr int odd_errno = 4242;  // of no system call

// The thread sanitizer holds a handler back until its thread calls something that it intercepts, which a thread that
// sleeps on a futex does not.
#if defined(__SANITIZE_THREAD__)
constexpr bool handlers_run_at_once = false;
#else
constexpr bool handlers_run_at_once = true;
#endif

chime::ticket target;
std::atomic<int> handled = 0;
std::atomic<signal_result> last_result = signal_result::stale;
std::atomic<int> errno_after = 0;

void signal_target(int) {
  const int interrupted = errno;
  errno = odd_errno;
  last_result = target.signal();
  errno_after = errno;
  errno = interrupted;
  ++handled;
}

class SignalHandler : public testing::Test {
 protected:
  SignalHandler() {
    struct sigaction action{};
    action.sa_handler = signal_target;
    EXPECT_EQ(::sigaction(SIGUSR1, &action, &before_), 0);
    handled = 0;
    errno_after = 0;
  }
  ~SignalHandler() override {
    EXPECT_EQ(::sigaction(SIGUSR1, &before_, nullptr), 0);
    target = {};
  }

  /// Runs the handler here and now, and checks its errno.
  static signal_result signal_in_handler() {
    EXPECT_EQ(std::raise(SIGUSR1), 0);
    EXPECT_EQ(errno_after, odd_errno);
    return last_result;
  }

 private:
  struct sigaction before_{};
};

TEST_F(SignalHandler, E1_DeliversAndCoalescesAndSaysStale) {
  chime::event_pool pool;
  ASSERT_TRUE(pool.open());
  auto ev = acquire_from(pool);
  target = ev.get_ticket();
  EXPECT_EQ(signal_in_handler(), signal_result::delivered);
  EXPECT_EQ(signal_in_handler(), signal_result::coalesced);
  EXPECT_TRUE(ev.wait());
  ev.reset();
  EXPECT_EQ(signal_in_handler(), signal_result::stale);
  EXPECT_EQ(handled, 3);
}

TEST_F(SignalHandler, E1_EndsTheWaitOfAnotherThread) {
  chime::event_pool pool;
  ASSERT_TRUE(pool.open());
  auto ev = acquire_from(pool);
  target = ev.get_ticket();
  std::error_code error = make_error_code(chime::fault::polling);
  {
    std::jthread waiter([&] { error = error_of(ev.wait_until(chime::clock::now() + patience)); });
    EXPECT_TRUE(eventually([&] { return phase_of(ev) == phase::blocked; }));
    EXPECT_EQ(signal_in_handler(), signal_result::delivered);
  }
  EXPECT_FALSE(error) << error.message();
}

TEST_F(SignalHandler, E1_EndsTheWaitOfTheThreadThatItInterrupts) {
  if (!handlers_run_at_once) GTEST_SKIP() << "handlers are deferred here";
  chime::event_pool pool;
  ASSERT_TRUE(pool.open());
  auto ev = acquire_from(pool);
  target = ev.get_ticket();
  std::error_code error = make_error_code(chime::fault::polling);
  {
    std::jthread waiter([&] { error = error_of(ev.wait_until(chime::clock::now() + patience)); });
    EXPECT_TRUE(eventually([&] { return phase_of(ev) == phase::blocked; }));
    EXPECT_EQ(::pthread_kill(waiter.native_handle(), SIGUSR1), 0);
  }
  EXPECT_EQ(handled, 1);
  EXPECT_FALSE(error) << error.message();
}

TEST_F(SignalHandler, AnInterruptionThatSignalsNothingDoesNotEndTheWait) {
  if (!handlers_run_at_once) GTEST_SKIP() << "handlers are deferred here";
  chime::event_pool pool;
  ASSERT_TRUE(pool.open());
  auto ev = acquire_from(pool);
  std::atomic<bool> signalled = false;
  bool returned_early = false;
  {
    std::jthread waiter([&] {
      (void)ev.wait_until(chime::clock::now() + patience);
      returned_early = !signalled;
    });
    EXPECT_TRUE(eventually([&] { return phase_of(ev) == phase::blocked; }));
    for (int i = 1; i <= 20; ++i) {
      EXPECT_EQ(::pthread_kill(waiter.native_handle(), SIGUSR1), 0);
      EXPECT_TRUE(eventually([&] { return handled == i; }));
    }
    signalled = true;
    EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
  }
  EXPECT_FALSE(returned_early);
}

TEST_F(SignalHandler, E1_KeepsErrnoWhenTheNativePrimitiveIsFull) {
  chime::proactor loop;
  ASSERT_TRUE(loop.open({.backend = "poll"}));
  chime::event_pool pool;
  ASSERT_TRUE(pool.open(loop, {.native = true, .kind = chime::primitive::pipe}));
  auto ev = acquire_from(pool);
  target = ev.get_ticket();
  const auto handle = ev.native_signal();
  ASSERT_TRUE(handle);
  char byte = 0;
  while (::write(static_cast<int>(*handle), &byte, 1) == 1) {
  }
  ASSERT_EQ(errno, EAGAIN);
  EXPECT_EQ(signal_in_handler(), signal_result::delivered);
}

// Handlers run at any moment of the thread's own work with the pool: between any two of its instructions.
TEST_F(SignalHandler, E1_InterruptsAcquireReleaseAndSignalAnywhere) {
  chime::event_pool pool;
  ASSERT_TRUE(pool.open({.maximum_capacity = 2}));
  auto watched = acquire_from(pool);
  target = watched.get_ticket();
  std::atomic<bool> stop = false;
  const pthread_t victim = ::pthread_self();
  std::jthread attacker([&] {
    while (!stop) {
      const int before = handled;
      if (::pthread_kill(victim, SIGUSR1) != 0) return;
      (void)eventually([&] { return handled != before || stop; });
    }
  });
  unsigned wrong = 0;
  unsigned consumed = 0;
  const auto give_up = chime::clock::now() + patience;
  for (unsigned i = 0; i < 20'000 || (handled < 20 && chime::clock::now() < give_up); ++i) {
    if (i % 16 == 0) (void)pool.stats();  // takes a lock: where a deferred handler gets its turn
    auto ev = acquire_from(pool);
    if (!ev || ev.get_ticket().signal() != signal_result::delivered || !ev.wait_until(chime::time_point::min()))
      ++wrong;
    if (watched.wait_until(chime::time_point::min())) ++consumed;
  }
  stop = true;
  attacker.join();
  EXPECT_EQ(wrong, 0U);
  EXPECT_GE(handled, 20);
  EXPECT_GT(consumed, 0U);
  EXPECT_LE(consumed, static_cast<unsigned>(handled));
}

}  // namespace
