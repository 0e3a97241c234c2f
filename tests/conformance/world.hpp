// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What the conformance tests share. A behaviour is written once and runs in every world: a backend, with the options
/// that matter, and what events are made of. A backend that cannot run on this machine is skipped, and the reason is
/// printed.
///
/// No test sleeps and hopes. What has to happen is waited for, and 30 seconds without it are a failure.
#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chime/chime.hpp>
#include <chrono>
#include <deque>
#include <iosfwd>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace conformance {

using namespace std::chrono_literals;
using chime::clock;
using chime::signal_result;
using chime::time_point;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
inline constexpr std::chrono::seconds patience = 30s;

struct world {
  enum class kind : unsigned char { user_space, native_eventfd, native_pipe };
  const char* backend;
  kind events = kind::user_space;
  [[nodiscard]] bool native() const noexcept { return events != kind::user_space; }
};
std::ostream& operator<<(std::ostream&, const world&);
[[nodiscard]] std::string name_of(const testing::TestParamInfo<world>&);
[[nodiscard]] std::vector<world> every_world();
[[nodiscard]] std::vector<world> every_native_world();
/// For tests without events, and for those that make sense for user-space events alone.
[[nodiscard]] std::vector<world> every_backend();

// NOLINTBEGIN(cppcoreguidelines-macro-usage): the framework's own are macros
#define IN_EVERY_WORLD(suite) \
  INSTANTIATE_TEST_SUITE_P(in, suite, testing::ValuesIn(conformance::every_world()), conformance::name_of)
#define IN_EVERY_NATIVE_WORLD(suite) \
  INSTANTIATE_TEST_SUITE_P(in, suite, testing::ValuesIn(conformance::every_native_world()), conformance::name_of)
#define ON_EVERY_BACKEND(suite) \
  INSTANTIATE_TEST_SUITE_P(on, suite, testing::ValuesIn(conformance::every_backend()), conformance::name_of)
// NOLINTEND(cppcoreguidelines-macro-usage)

enum class outcome : unsigned char { pending, success, cancelled, timed_out, failed };
std::ostream& operator<<(std::ostream&, outcome);
[[nodiscard]] outcome outcome_of(std::error_code) noexcept;

/// Counts completions and keeps what the last one brought.
struct waiter {
  int completions = 0;
  std::error_code error;
  chime::event ev;
  time_point when;

  void done(chime::completion&& c) noexcept {
    ++completions;
    error = c.error;
    ev = std::move(c.ev);
    when = clock::now();
  }
  [[nodiscard]] conformance::outcome outcome() const noexcept {
    return completions == 0 ? outcome::pending : outcome_of(error);
  }
  operator chime::callback() noexcept { return chime::callback::to<&waiter::done>(*this); }
};

/// Waits for something that another thread does.
template <class Predicate>
[[nodiscard]] bool eventually(Predicate is_true, std::chrono::seconds at_most = patience) {
  const time_point end = clock::now() + at_most;
  for (int tries = 0; !is_true(); ++tries) {
    if (clock::now() > end) return false;
    if (tries < 100) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(100us);
    }
  }
  return true;
}

/// A loop, a pool, and things to wait with, in the world that the test runs in. Ends every test by closing both:
/// nothing may be out or in flight any more. After a failure everything is left as it is, since callbacks may still be
/// pending.
class in_world : public testing::TestWithParam<world> {
 protected:
  in_world();
  ~in_world() override;
  void SetUp() override;
  void TearDown() override;

  /// Opens the pool with events of this world's kind.
  void open_pool(chime::pool_options options = {});
  [[nodiscard]] chime::pool_options of_this_kind(chime::pool_options options = {}) const;
  /// Opens the loop anew.
  void reopen_loop(unsigned batch);
  [[nodiscard]] chime::proactor_options on_this_backend(unsigned batch = 256) const;

  [[nodiscard]] chime::event acquire();
  [[nodiscard]] chime::operation& make_operation() { return things_->operations.emplace_back(); }
  [[nodiscard]] waiter& make_waiter() { return things_->waiters.emplace_back(); }
  waiter& submit(chime::event&& ev, time_point deadline = chime::never);

  /// Polls, asleep if there is nothing to do, until `is_true`, which completions make true. A lost wake-up ends here.
  template <class Predicate>
  [[nodiscard]] testing::AssertionResult poll_until(Predicate is_true) {
    const time_point end = clock::now() + patience;
    while (!is_true()) {
      const auto left = end - clock::now();
      if (left <= 0ns) return testing::AssertionFailure() << "nothing happened in 30 s";
      if (const auto polled = loop.poll(left); !polled) return testing::AssertionFailure() << polled.error().message();
    }
    return testing::AssertionSuccess();
  }
  [[nodiscard]] testing::AssertionResult complete(const waiter& w, int times = 1) {
    return poll_until([&] { return w.completions >= times; });
  }
  /// Lets the loop take in what was submitted; nothing may complete by it.
  void let_the_loop_see();
  /// The same where something may complete: a deadline that passes on a slow machine.
  void let_the_loop_work();

 private:
  struct things {
    chime::proactor loop;
    chime::event_pool pool;
    std::deque<waiter> waiters;
    std::deque<chime::operation> operations;
  };
  std::unique_ptr<things> things_;

 protected:
  chime::proactor& loop;
  chime::event_pool& pool;
};

/// Runs the loop on a thread of its own until it goes out of scope.
class runner {
 public:
  explicit runner(chime::proactor& loop);
  runner(const runner&) = delete;
  runner& operator=(const runner&) = delete;
  ~runner() { stop(); }
  void stop();
  /// Returns when the loop has gone to sleep after this call.
  void until_asleep();
  [[nodiscard]] pthread_t handle() { return thread_.native_handle(); }

 private:
  chime::proactor* loop_;
  std::thread thread_;
};

/// Lets threads meet: arrive() returns when all have come, as often as one likes. Spins, so that they leave together.
class meeting {
 public:
  explicit meeting(unsigned threads) : threads_(threads) {}
  void arrive() noexcept;

 private:
  unsigned threads_;
  std::atomic<unsigned> here_{0};
  std::atomic<unsigned> round_{0};
};

[[nodiscard]] std::size_t open_descriptors();
/// Raises the limit of descriptors as far as it goes, and returns it.
std::size_t raise_descriptor_limit();

/// Only `more` further descriptors can be opened, until the end of scope. Under it, call nothing of the test's own
/// object: a sanitizer that checks dynamic types needs a pipe for that.
class descriptor_limit {
 public:
  explicit descriptor_limit(unsigned more);
  descriptor_limit(const descriptor_limit&) = delete;
  descriptor_limit& operator=(const descriptor_limit&) = delete;
  ~descriptor_limit() { lift(); }
  void lift();

 private:
  rlimit before_ = {};
  bool active_ = true;
};

/// Two ends of a pipe or a socket pair, closed at the end of scope.
struct descriptor_pair {
  int first = -1;
  int second = -1;
  static descriptor_pair pipe();
  static descriptor_pair sockets();
  descriptor_pair(int a, int b) noexcept : first(a), second(b) {}
  descriptor_pair(const descriptor_pair&) = delete;
  descriptor_pair& operator=(const descriptor_pair&) = delete;
  ~descriptor_pair();
  void close_first();
  void close_second();
};
/// One byte; true if it was written.
bool write_byte(int descriptor);
/// Everything that is there; returns how much.
std::size_t read_all(int descriptor);

/// Signals an event by its native handle, as a stranger does.
bool foreign_signal(chime::native_handle handle, world::kind kind);
/// Whether poll(2) calls it readable now.
[[nodiscard]] bool is_readable(chime::native_handle handle);

}  // namespace conformance
