// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// fork in the middle of everything. What a process opened is not for its children: they may exec or _exit, write to
/// native handles, or open their own. Misuse is a loud stop of the child, and whatever the child does, its parent goes on
/// unharmed.
#include <functional>

#include "child.hpp"
#include "world.hpp"

namespace conformance {
namespace {

using faults::child_end;
using faults::in_child;

struct forked : in_world {
  static void expect_refused(const child_end& end, const std::string& what) {
    EXPECT_TRUE(end.aborted()) << what << ": status " << end.status << ", " << end.said;
    EXPECT_NE(end.said.find("chime: "), std::string::npos) << end.said;
  }
  static void expect_fork_named(const child_end& end, const std::string& what) {
    expect_refused(end, what);
    EXPECT_NE(end.said.find("was used by a forked child"), std::string::npos) << what << ": " << end.said;
  }
  /// Signals and deadlines still come.
  void expect_all_is_well() {
    chime::event a = acquire();
    chime::event b = acquire();
    const chime::ticket t = a.get_ticket();
    waiter& signalled = submit(std::move(a));
    waiter& late = submit(std::move(b), clock::now() + 1ms);
    t.signal();
    ASSERT_TRUE(complete(signalled));
    ASSERT_TRUE(complete(late));
    EXPECT_EQ(signalled.outcome(), outcome::success);
    EXPECT_EQ(late.outcome(), outcome::timed_out);
    signalled.ev.reset();
    late.ev.reset();
  }
};
IN_EVERY_WORLD(forked);

TEST_P(forked, child_that_uses_what_its_parent_opened_is_stopped) {
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 4}));
  chime::event_pool second;
  chime::operation op;
  auto ignore = [](chime::completion&&) {};
  const std::pair<const char*, std::function<void()>> misuses[] = {
      {"poll", [&] { (void)loop.poll(); }},
      {"run", [&] { (void)loop.run(); }},
      {"close", [&] { (void)loop.close(); }},
      {"post", [&] { loop.submit(op, ignore); }},
      {"timer", [&] { loop.submit(op, ignore, clock::now()); }},
      {"watch", [&] { loop.submit(op, ignore, STDIN_FILENO, chime::interest::readable); }},
      {"open a pool", [&] { (void)second.open(loop); }},
      {"acquire", [&] { (void)pool.acquire(); }},
      {"close a pool", [&] { (void)pool.close(); }},
  };
  for (int round = 0; round < 2; ++round) {
    for (const auto& [what, misuse] : misuses) expect_fork_named(in_child(misuse), what);
    ASSERT_TRUE(loop.poll());  // from now on it is bound to this thread
  }
  expect_all_is_well();
}

TEST_P(forked, child_that_drives_a_guest_of_its_parent_is_stopped) {
  if (std::string_view(GetParam().backend) == "poll") GTEST_SKIP() << "poll cannot be a guest";
  chime::proactor guest;
  ASSERT_TRUE(guest.open({.backend = GetParam().backend, .guest = true}));
  for (int round = 0; round < 2; ++round) {
    expect_fork_named(in_child([&] { (void)guest.guest_poll(); }), "guest_poll");
    ASSERT_TRUE(guest.guest_poll());
  }
}

TEST_P(forked, child_that_uses_a_cache_of_its_parent_is_stopped) {
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 4}));
  {
    chime::event_cache cache(pool);
    {
      const chime::event used = cache.acquire().value();
    }
    expect_refused(in_child([&] { (void)cache.acquire(); }), "acquire from a cache");
    chime::event_cache unused(pool);
    expect_fork_named(in_child([&] { (void)unused.acquire(); }), "acquire from a cache that no thread has used");
  }
  expect_all_is_well();
}

TEST_P(forked, child_that_leaves_harms_nothing_that_is_in_flight) {
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 8}));
  const std::size_t descriptors = open_descriptors();
  for (int round = 0; round < 5; ++round) {
    std::vector<chime::ticket> tickets;
    std::vector<waiter*> waiters;
    for (int i = 0; i < 8; ++i) {
      chime::event ev = acquire();
      tickets.push_back(ev.get_ticket());
      waiters.push_back(&submit(std::move(ev), i == 7 ? clock::now() + 2ms : chime::never));
    }
    chime::operation& timer = make_operation();
    waiter& due = make_waiter();
    loop.submit(timer, due, clock::now() + 1ms);
    if (round % 2 == 0) {
      ASSERT_TRUE(loop.poll());
    }
    EXPECT_TRUE(in_child([] {}).left_with(0));
    for (int i = 0; i < 7; ++i) tickets[static_cast<std::size_t>(i)].signal();
    for (waiter* w : waiters) ASSERT_TRUE(complete(*w));
    ASSERT_TRUE(complete(due));
    for (int i = 0; i < 8; ++i) {
      waiter& w = *waiters[static_cast<std::size_t>(i)];
      EXPECT_EQ(w.completions, 1);
      EXPECT_EQ(w.outcome(), i == 7 ? outcome::timed_out : outcome::success);
      w.ev.reset();
    }
  }
  EXPECT_EQ(open_descriptors(), descriptors);
}

TEST_P(forked, parent_whose_loop_sleeps_in_another_thread_is_still_woken) {
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 1}));
  runner r(loop);
  for (int round = 0; round < 5; ++round) {
    std::atomic<bool> done = false;
    auto callback = [&](chime::completion&& c) {
      c.ev.reset();
      done = true;
    };
    chime::event ev = acquire();
    const chime::ticket t = ev.get_ticket();
    std::move(ev).submit(callback);
    r.until_asleep();
    EXPECT_TRUE(in_child([] {}).left_with(0));
    t.signal();
    ASSERT_TRUE(eventually([&] { return done.load(); }));
  }
}

TEST_P(forked, child_that_lives_on_does_not_keep_its_parents_waits) {
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 2}));
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  waiter& w = submit(std::move(ev));
  ASSERT_TRUE(loop.poll());
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    for (;;) ::pause();
  }
  t.signal();
  EXPECT_TRUE(complete(w));
  w.ev.reset();
  expect_all_is_well();
  EXPECT_EQ(pool.close(), 0U);
  EXPECT_TRUE(loop.close());
  ::kill(child, SIGKILL);
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST_P(forked, child_may_open_its_own) {
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 2}));
  ASSERT_TRUE(loop.poll());
  const child_end end = in_child([&] {
    chime::proactor own;
    chime::event_pool events;
    if (!own.open(on_this_backend()) || !events.open(own, of_this_kind({.initial_capacity = 1}))) ::_exit(1);
    chime::event ev = events.acquire().value();
    const chime::ticket t = ev.get_ticket();
    waiter w;
    std::move(ev).submit(w);
    t.signal();
    while (w.completions == 0) {
      if (!own.poll(1s)) ::_exit(2);
    }
    w.ev.reset();
    if (events.close() != 0 || !own.close()) ::_exit(3);
  });
  EXPECT_TRUE(end.left_with(0)) << end.status << end.said;
  expect_all_is_well();
}

TEST_P(forked, child_of_a_callback_is_as_much_a_child) {
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 2}));
  child_end quiet;
  child_end polling;
  auto callback = [&](chime::completion&& c) {
    c.ev.reset();
    quiet = in_child([] {});
    polling = in_child([&] { (void)loop.poll(); });
    loop.stop();
  };
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  std::move(ev).submit(callback);
  t.signal();
  ASSERT_TRUE(loop.run());
  EXPECT_TRUE(quiet.left_with(0));
  expect_fork_named(polling, "poll");
  expect_all_is_well();
}

// Many times, since a busy poll looks at some kernels only now and then.
TEST_P(forked, child_that_returns_from_its_callback_takes_nothing_from_its_parent) {
  const descriptor_pair pipe = descriptor_pair::pipe();
  bool is_child = false;
  int status = 0;
  auto fork_once = [&](chime::completion&&) {
    const pid_t child = ::fork();
    is_child = child == 0;
    if (!is_child) {
      EXPECT_EQ(::waitpid(child, &status, 0), child);
      return;
    }
    ::alarm(20);
    ::close(STDERR_FILENO);
  };
  for (int round = 0; round < 70; ++round) {
    waiter& ready = make_waiter();
    loop.submit(make_operation(), ready, pipe.first, chime::interest::readable);
    ASSERT_TRUE(write_byte(pipe.second));
    loop.submit(make_operation(), fork_once);
    const auto polled = loop.poll();
    if (is_child) ::_exit(9);  // the poll ended without a look
    ASSERT_TRUE(polled);
    EXPECT_TRUE((WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) ||
                (WIFEXITED(status) && WEXITSTATUS(status) == 9));
    ASSERT_TRUE(complete(ready));
    EXPECT_EQ(read_all(pipe.first), 1U);
  }
}

TEST_P(forked, child_that_becomes_another_program_inherits_no_descriptor) {
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 8}));
  ASSERT_TRUE(loop.poll());
  const child_end end = in_child([] {
    ::execl("/bin/sh", "sh", "-c", "for f in /proc/self/fd/*; do readlink $f; done >&2", nullptr);
    ::_exit(1);
  });
  EXPECT_TRUE(WIFEXITED(end.status));
  EXPECT_EQ(end.said.find("[event"), std::string::npos) << end.said;
  EXPECT_EQ(end.said.find("[io_uring]"), std::string::npos) << end.said;
}

}  // namespace
}  // namespace conformance
