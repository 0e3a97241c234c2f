// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A storm of signals: handlers without SA_RESTART interrupt every thread thousands of times while it works and sleeps.
/// Nothing is lost, and nobody is told EINTR.
#include <sys/time.h>

#include <csignal>

#include "world.hpp"

namespace conformance {
namespace {

std::atomic<unsigned> handled{0};
void handle(int) { handled.fetch_add(1, std::memory_order_relaxed); }

/// Interrupts by a timer of the process, and by a thread that sends signals to others. The targets live as long as this.
class storm {
 public:
  explicit storm(std::vector<pthread_t> targets) : before_(handled), targets_(std::move(targets)) {
    struct sigaction action = {};
    action.sa_handler = handle;
    sigaction(SIGALRM, &action, nullptr);
    sigaction(SIGUSR1, &action, nullptr);
    const itimerval often{{0, 200}, {0, 200}};
    setitimer(ITIMER_REAL, &often, nullptr);
    sender_ = std::thread([this] {
      while (!over_) {
        for (const pthread_t target : targets_) pthread_kill(target, SIGUSR1);
        std::this_thread::sleep_for(30us);
      }
    });
  }
  storm(const storm&) = delete;
  storm& operator=(const storm&) = delete;
  ~storm() {
    over_ = true;
    sender_.join();
    const itimerval none{};
    setitimer(ITIMER_REAL, &none, nullptr);
    // The handlers stay: what is still pending would end the program otherwise.
  }
  [[nodiscard]] unsigned interrupts() const { return handled - before_; }

 private:
  unsigned before_;
  std::vector<pthread_t> targets_;
  std::atomic<bool> over_ = false;
  std::thread sender_;
};

constexpr unsigned least_interrupts = sanitized ? 200 : 2000;

/// One event's way: counted by the loop, looked at when all is over.
struct way {
  std::atomic<int> completions = 0;
  std::error_code error;
  void done(chime::completion&& c) noexcept {
    error = c.error;
    c.ev.reset();
    completions.fetch_add(1, std::memory_order_release);
  }
};

struct stormy : in_world {
  /// Signals and cancels events one after another, now and then so late that the loop sleeps. Returns whether all came out
  /// as they should.
  void produce(const std::atomic<bool>& enough) {
    for (unsigned i = 0; !enough; ++i) {
      way w;
      chime::event ev = pool.acquire().value();
      const chime::ticket t = ev.get_ticket();
      std::move(ev).submit(chime::callback::to<&way::done>(w), i % 3 == 0 ? clock::now() + 1h : chime::never);
      if (i % 8 == 0) std::this_thread::sleep_for(100us);
      const bool cancels = i % 5 == 0;
      const bool done = cancels ? t.cancel() : t.signal() == signal_result::delivered;
      EXPECT_TRUE(done);
      ASSERT_TRUE(eventually([&] { return w.completions.load(std::memory_order_acquire) != 0; })) << "lost";
      EXPECT_EQ(w.completions, 1);
      EXPECT_EQ(outcome_of(w.error), cancels ? outcome::cancelled : outcome::success) << w.error.message();
    }
  }
};
IN_EVERY_WORLD(stormy);

TEST_P(stormy, loop_and_producers_lose_nothing) {
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 2}));
  runner r(loop);
  std::atomic<bool> enough = false;
  std::thread one([&] { produce(enough); });
  std::thread two([&] { produce(enough); });
  {
    storm s({r.handle(), one.native_handle(), two.native_handle()});
    EXPECT_TRUE(eventually([&] { return s.interrupts() >= least_interrupts; }));
  }
  enough = true;
  one.join();
  two.join();
}

TEST_P(stormy, deadlines_are_kept) {
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 2}));
  storm s({pthread_self()});
  while (s.interrupts() < least_interrupts) {
    const time_point due = clock::now() + 3ms;
    waiter& w = submit(acquire(), due);
    waiter& timer = make_waiter();
    loop.submit(make_operation(), timer, due);
    ASSERT_TRUE(complete(w));
    ASSERT_TRUE(complete(timer));
    EXPECT_EQ(w.outcome(), outcome::timed_out);
    EXPECT_EQ(timer.outcome(), outcome::success);
    EXPECT_GE(w.when, due);
    EXPECT_GE(timer.when, due);
    w.ev.reset();
    const time_point end = clock::now() + 1ms;
    const auto idle = loop.poll(1ms);
    EXPECT_TRUE(idle) << idle.error().message();
    EXPECT_GE(clock::now(), end) << "an interrupted sleep is gone on with";
  }
}

TEST(stormy_threads, that_block_are_woken_once_for_each_signal) {
  chime::event_pool pool;
  ASSERT_TRUE(pool.open({.initial_capacity = 1}));
  std::atomic<const chime::ticket*> handed = nullptr;
  std::atomic<bool> enough = false;
  std::thread signaller([&] {
    while (!enough) {
      const chime::ticket* const t = handed.exchange(nullptr);
      if (t == nullptr) continue;
      std::this_thread::sleep_for(50us);
      EXPECT_EQ(t->signal(), signal_result::delivered);
    }
  });
  {
    storm s({pthread_self(), signaller.native_handle()});
    while (s.interrupts() < least_interrupts) {
      chime::event ev = pool.acquire().value();
      const chime::ticket t = ev.get_ticket();
      handed = &t;
      const auto waited = ev.wait();
      ASSERT_TRUE(waited) << waited.error().message();
      const time_point due = clock::now() + 1ms;
      const auto late = ev.wait_until(due);
      ASSERT_FALSE(late);
      EXPECT_TRUE(late.error() == chime::errc::timed_out) << late.error().message();
      EXPECT_GE(clock::now(), due);
    }
  }
  enough = true;
  signaller.join();
  EXPECT_EQ(pool.close(), 0U);
}

}  // namespace
}  // namespace conformance
