// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The native handle: strangers signal and poll an event by its descriptor, and none of that reaches its next use (E3,
/// D2).
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "world.hpp"

namespace conformance {
namespace {

struct native_handle : in_world {
  void SetUp() override {
    in_world::SetUp();
    ::signal(SIGPIPE, SIG_IGN);  // a stranger that writes to a pipe that was replaced finds nobody at its other end
    // One event, so that every acquire gets the same again.
    if (!IsSkipped() && !HasFailure()) open_pool({.maximum_capacity = 1});
  }
  bool stranger_signals(chime::native_handle handle) { return foreign_signal(handle, GetParam().events); }
  /// A wait that starts now and that nothing may complete but its own cancel.
  void expect_untouched(chime::event&& ev) {
    const chime::ticket t = ev.get_ticket();
    waiter& w = submit(std::move(ev));
    let_the_loop_see();
    EXPECT_EQ(w.outcome(), outcome::pending);
    EXPECT_TRUE(t.cancel());
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::cancelled);
    w.ev.reset();
  }
};
IN_EVERY_NATIVE_WORLD(native_handle);

TEST_P(native_handle, has_the_ends_that_its_kind_has) {
  chime::event ev = acquire();
  const auto readable = ev.native();
  const auto writable = ev.native_signal();
  ASSERT_TRUE(readable && writable);
  EXPECT_EQ(*readable == *writable, GetParam().events == world::kind::native_eventfd);
  EXPECT_EQ(ev.native().value(), *readable) << "the same within a use";
}

TEST_P(native_handle, a_foreign_write_completes_the_wait) {
  for (const bool seen : {false, true}) {
    chime::event ev = acquire();
    const auto handle = ev.native_signal().value();
    waiter& w = submit(std::move(ev));
    if (seen) let_the_loop_see();
    ASSERT_TRUE(stranger_signals(handle));
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::success);
    let_the_loop_see();
    EXPECT_EQ(w.completions, 1);
    w.ev.reset();
  }
}

TEST_P(native_handle, a_foreign_write_before_the_wait_completes_it) {
  chime::event ev = acquire();
  ASSERT_TRUE(stranger_signals(ev.native_signal().value()));
  waiter& w = submit(std::move(ev));
  ASSERT_TRUE(complete(w));
  EXPECT_EQ(w.outcome(), outcome::success);
  expect_untouched(std::move(w.ev));
}

TEST_P(native_handle, a_foreign_write_wakes_a_loop_that_sleeps_for_ever) {
  runner r(loop);
  for (int i = 0; i < 10; ++i) {
    std::atomic<bool> done{false};
    auto callback = [&](chime::completion&& c) {
      EXPECT_FALSE(c.error);
      c.ev.reset();
      done = true;
    };
    chime::event ev = acquire();
    const auto handle = ev.native_signal().value();
    std::move(ev).submit(callback, clock::now() + 1h);
    r.until_asleep();
    ASSERT_TRUE(stranger_signals(handle));
    ASSERT_TRUE(eventually([&] { return done.load(); })) << "round " << i;
  }
}

TEST_P(native_handle, that_a_child_process_inherited_completes_the_wait) {
  chime::event ev = acquire();
  const auto handle = ev.native_signal().value();
  waiter& w = submit(std::move(ev));
  let_the_loop_see();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(stranger_signals(handle) ? 0 : 1);
  EXPECT_TRUE(complete(w));
  EXPECT_EQ(w.outcome(), outcome::success);
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST_P(native_handle, many_foreign_writes_before_the_wait_count_as_one) {
  for (const int writes : {2, 8, 9, 20, 500}) {
    chime::event ev = acquire();
    const auto handle = ev.native_signal().value();
    for (int i = 0; i < writes; ++i) ASSERT_TRUE(stranger_signals(handle));
    waiter& w = submit(std::move(ev));
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::success);
    waiter& next = submit(std::move(w.ev));
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(loop.poll());
    EXPECT_EQ(next.outcome(), outcome::pending) << writes << " writes came before the first wait";
    if (next.completions == 0) pool.cancel_all();
    ASSERT_TRUE(complete(next));
    next.ev.reset();
  }
}

TEST_P(native_handle, a_foreign_write_and_a_ticket_before_the_wait_count_as_one) {
  for (const bool stranger_first : {false, true}) {
    chime::event ev = acquire();
    const auto handle = ev.native_signal().value();
    if (stranger_first) stranger_signals(handle);
    ev.get_ticket().signal();
    if (!stranger_first) stranger_signals(handle);
    waiter& w = submit(std::move(ev));
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::success);
    expect_untouched(std::move(w.ev));
  }
}

TEST_P(native_handle, a_foreign_write_after_a_timeout_or_cancel_completes_the_next_wait) {
  chime::event ev = acquire();
  const auto handle = ev.native_signal().value();
  const chime::ticket t = ev.get_ticket();
  waiter& first = submit(std::move(ev), clock::now() + 100us);
  ASSERT_TRUE(complete(first));
  EXPECT_EQ(first.outcome(), outcome::timed_out);
  ASSERT_TRUE(stranger_signals(handle));
  waiter& second = submit(std::move(first.ev));
  ASSERT_TRUE(complete(second));
  EXPECT_EQ(second.outcome(), outcome::success);
  waiter& third = submit(std::move(second.ev));
  let_the_loop_see();
  EXPECT_TRUE(t.cancel());
  ASSERT_TRUE(stranger_signals(handle));
  ASSERT_TRUE(complete(third));
  EXPECT_EQ(third.outcome(), outcome::cancelled);
  waiter& fourth = submit(std::move(third.ev));
  ASSERT_TRUE(complete(fourth)) << "the write that came after the cancel is kept";
  EXPECT_EQ(fourth.outcome(), outcome::success);
}

TEST_P(native_handle, is_readable_while_the_event_is_signalled) {
  chime::event ev = acquire();
  const auto handle = ev.native().value();
  const chime::ticket t = ev.get_ticket();
  EXPECT_FALSE(is_readable(handle));
  EXPECT_EQ(t.signal(), signal_result::delivered);
  EXPECT_TRUE(is_readable(handle));
  EXPECT_EQ(t.signal(), signal_result::coalesced);
  waiter& w = submit(std::move(ev));
  ASSERT_TRUE(complete(w));
  EXPECT_FALSE(is_readable(handle)) << "the wait has consumed the signal";
}

TEST_P(native_handle, that_was_given_out_is_replaced_for_the_next_use) {
  chime::event ev = acquire();
  const int kept = ::dup(static_cast<int>(ev.native_signal().value()));
  ASSERT_GE(kept, 0);
  const int kept_for_reading = ::dup(static_cast<int>(ev.native().value()));
  ASSERT_GE(kept_for_reading, 0);
  const std::size_t descriptors = open_descriptors();
  ev.reset();
  for (const bool early : {true, false}) {
    if (early) stranger_signals(kept);  // between the uses
    chime::event next = acquire();
    EXPECT_EQ(open_descriptors(), descriptors) << "replaced, not added";
    const chime::ticket t = next.get_ticket();
    waiter& w = submit(std::move(next));
    let_the_loop_see();
    stranger_signals(kept);
    let_the_loop_see();
    EXPECT_EQ(w.outcome(), outcome::pending) << "a late foreign write reached the next use";
    EXPECT_EQ(t.signal(), signal_result::delivered);
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::success);
    w.ev.reset();
  }
  ::close(kept);
  ::close(kept_for_reading);
}

TEST_P(native_handle, stays_the_same_when_nobody_asked_for_it) {
  chime::event ev = acquire();
  const auto first = ev.native().value();
  ev.foreign_use_ended();
  ev.reset();
  for (int i = 0; i < 5; ++i) {
    chime::event next = acquire();  // asks for nothing, so the primitive stays
    next.get_ticket().signal();
  }
  ev = acquire();
  EXPECT_EQ(ev.native().value(), first);
  expect_untouched(std::move(ev));
}

TEST_P(native_handle, is_kept_and_read_empty_after_the_word_that_foreign_use_ended) {
  chime::event ev = acquire();
  const auto readable = ev.native().value();
  const auto writable = ev.native_signal().value();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(stranger_signals(writable));
  ev.foreign_use_ended();
  ev.reset();
  ev = acquire();
  EXPECT_FALSE(is_readable(readable));
  EXPECT_EQ(ev.native().value(), readable);
  EXPECT_EQ(ev.native_signal().value(), writable);
  ev.foreign_use_ended();
  expect_untouched(std::move(ev));
  expect_untouched(acquire());
}

TEST_P(native_handle, asked_for_again_after_that_word_is_foreign_again) {
  chime::event ev = acquire();
  (void)ev.native_signal();
  ev.foreign_use_ended();
  const int kept = ::dup(static_cast<int>(ev.native_signal().value()));
  ev.reset();
  ev = acquire();
  stranger_signals(kept);
  expect_untouched(std::move(ev));
  ::close(kept);
}

struct without_native_handle : in_world {};
ON_EVERY_BACKEND(without_native_handle);

TEST_P(without_native_handle, an_event_in_user_space_says_so) {
  ASSERT_NO_FATAL_FAILURE(open_pool());
  chime::event ev = acquire();
  for (const auto& handle : {ev.native(), ev.native_signal()}) {
    ASSERT_FALSE(handle);
    EXPECT_EQ(handle.error(), chime::fault::not_native);
    EXPECT_TRUE(handle.error() == chime::errc::unsupported);
  }
  ev.foreign_use_ended();  // nothing
}

TEST_P(without_native_handle, events_take_no_descriptor) {
  const std::size_t before = open_descriptors();
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 500}));
  std::vector<chime::event> held;
  for (int i = 0; i < 1000; ++i) held.push_back(acquire());
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace conformance
