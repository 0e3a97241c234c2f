// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A child process that was to signal a native event and dies by SIGKILL. The kernel tells nobody, so the deadline has to;
/// and what the child wrote before it died still counts.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "world.hpp"

namespace conformance {
namespace {

/// A child that holds the native handle, and writes to it first if told to.
class victim {
 public:
  victim(chime::native_handle handle, world::kind kind, bool writes) {
    descriptor_pair ready = descriptor_pair::pipe();
    id_ = ::fork();
    if (id_ == 0) {
      ::alarm(30);
      if (writes && !foreign_signal(handle, kind)) ::_exit(1);
      (void)write_byte(ready.second);
      for (;;) ::pause();
    }
    EXPECT_TRUE(eventually([&] { return is_readable(ready.first); }));
  }
  victim(const victim&) = delete;
  victim& operator=(const victim&) = delete;
  ~victim() { kill(); }

  void kill() {
    if (id_ < 0) return;
    EXPECT_EQ(::kill(id_, SIGKILL), 0);
    int status = 0;
    EXPECT_EQ(::waitpid(id_, &status, 0), id_);
    EXPECT_TRUE(WIFSIGNALED(status));
    id_ = -1;
  }

 private:
  pid_t id_ = -1;
};

struct killed_child : in_world {
  void SetUp() override {
    in_world::SetUp();
    if (IsSkipped()) return;
    open_pool({.initial_capacity = 1, .maximum_capacity = 1});
    descriptors_ = open_descriptors();
  }
  /// The event, and the one that takes its place, can still be signalled.
  void expect_usable(chime::event&& ev) {
    const chime::ticket t = ev.get_ticket();
    waiter& again = submit(std::move(ev));
    ASSERT_TRUE(loop.poll());
    EXPECT_EQ(again.completions, 0);
    t.signal();
    ASSERT_TRUE(complete(again));
    EXPECT_EQ(again.outcome(), outcome::success);
    again.ev.reset();
    chime::event next = acquire();
    const chime::ticket u = next.get_ticket();
    waiter& w = submit(std::move(next));
    u.signal();
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::success);
    w.ev.reset();
    EXPECT_EQ(open_descriptors(), descriptors_);
  }
  std::size_t descriptors_ = 0;
};
IN_EVERY_NATIVE_WORLD(killed_child);

TEST_P(killed_child, that_wrote_nothing_leaves_the_deadline) {
  chime::event ev = acquire();
  victim child(ev.native_signal().value(), GetParam().events, false);
  const time_point due = clock::now() + 20ms;
  waiter& w = submit(std::move(ev), due);
  ASSERT_TRUE(loop.poll());
  child.kill();
  ASSERT_TRUE(complete(w));
  EXPECT_EQ(w.outcome(), outcome::timed_out);
  EXPECT_GE(w.when, due);
  expect_usable(std::move(w.ev));
}

TEST_P(killed_child, that_wrote_nothing_leaves_cancel) {
  chime::event ev = acquire();
  const chime::ticket t = ev.get_ticket();
  victim child(ev.native_signal().value(), GetParam().events, false);
  waiter& w = submit(std::move(ev));
  ASSERT_TRUE(loop.poll());
  child.kill();
  ASSERT_TRUE(loop.poll(1ms));
  EXPECT_EQ(w.completions, 0) << "the death of a writer is no signal";
  EXPECT_TRUE(t.cancel());
  ASSERT_TRUE(complete(w));
  EXPECT_EQ(w.outcome(), outcome::cancelled);
  expect_usable(std::move(w.ev));
}

TEST_P(killed_child, that_wrote_before_it_died_is_heard) {
  for (const bool waits_before : {false, true}) {
    chime::event ev = acquire();
    const chime::native_handle handle = ev.native_signal().value();
    waiter* w = nullptr;
    if (waits_before) {
      w = &submit(std::move(ev), clock::now() + 1h);
      ASSERT_TRUE(loop.poll());
    }
    victim child(handle, GetParam().events, true);
    child.kill();
    if (!waits_before) w = &submit(std::move(ev), clock::now() + 1h);
    ASSERT_TRUE(complete(*w));
    EXPECT_EQ(w->outcome(), outcome::success);
    expect_usable(std::move(w->ev));
  }
}

TEST_P(killed_child, that_dies_while_others_are_signalled_delays_nobody) {
  ASSERT_EQ(pool.close(), 0U);
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 8}));
  chime::event lost = acquire();
  victim child(lost.native_signal().value(), GetParam().events, false);
  waiter& never_signalled = submit(std::move(lost), clock::now() + 1h);
  for (int round = 0; round < 50; ++round) {
    if (round == 25) child.kill();
    chime::event ev = acquire();
    const chime::ticket t = ev.get_ticket();
    waiter& w = submit(std::move(ev));
    t.signal();
    ASSERT_TRUE(complete(w));
    w.ev.reset();
  }
  EXPECT_EQ(never_signalled.completions, 0);
  pool.cancel_all();
  ASSERT_TRUE(complete(never_signalled));
  EXPECT_EQ(never_signalled.outcome(), outcome::cancelled);
}

}  // namespace
}  // namespace conformance
