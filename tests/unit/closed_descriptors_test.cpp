// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A program that closes descriptors which are not its own is stopped at their next use, rather than left asleep.
#include <gtest/gtest.h>
#include <unistd.h>

#include <deque>

#include "chime/proactor.hpp"
#include "event/inbox.hpp"
#include "native_pool_fixture.hpp"

namespace {

using chime_test::acquire_from;
using ClosedDescriptorDeathTest = chime_test::DeathTestSuite;

void ignore(void*, chime::completion&&) {}
constexpr chime::callback nothing{ignore, nullptr};

/// The number that the next descriptor of this process will get.
[[nodiscard]] int next_descriptor() {
  const int next = ::dup(STDERR_FILENO);
  ::close(next);
  return next;
}

[[nodiscard]] bool runs_here(std::string_view backend) {
  for (const auto& report : chime::probe_backends()) {
    if (report.name == backend) return report.usable;
  }
  return false;
}

TEST_F(ClosedDescriptorDeathTest, ADoorbell) {
  chime::detail::doorbell bell;
  ASSERT_EQ(bell.open(), 0);
  EXPECT_DEATH((::close(bell.handle()), bell.ring()), "chime: ringing the loop failed: its descriptor was closed");
}

TEST_F(ClosedDescriptorDeathTest, APrimitiveThatIsToBeRead) {
  const auto read = [] {
    chime::proactor loop;
    chime::event_pool pool;
    if (!loop.open({.backend = "poll"}) || !pool.open(loop, {.maximum_capacity = 1, .native = true})) return;
    auto ev = acquire_from(pool);
    (void)ev.get_ticket().signal();
    ::close(chime_test::read_end(ev));
    ev.reset();
    (void)pool.acquire();  // reads what the signal left behind
  };
  EXPECT_DEATH(read(), "chime: reading a native event failed: its descriptor was closed by somebody else");
}

TEST_F(ClosedDescriptorDeathTest, AWatchOfEpoll) {
  if (!runs_here("epoll")) GTEST_SKIP() << "epoll does not run here";
  const auto stop_watching = [] {
    chime::proactor loop;
    chime::operation op;
    int ends[2];
    if (!loop.open({.backend = "epoll"}) || ::pipe(ends) != 0) return;
    const int duplicate = next_descriptor();  // which the watch makes
    loop.submit(op, nothing, ends[0], chime::interest::readable);
    (void)loop.poll();
    ::close(duplicate);
    (void)loop.cancel(op);
    (void)loop.poll();
  };
  EXPECT_DEATH(stop_watching(), "chime: a descriptor of the loop was closed by somebody else");
}

TEST_F(ClosedDescriptorDeathTest, ARing) {
  if (!runs_here("io_uring")) GTEST_SKIP() << "io_uring does not run here";
  const auto watch_many = [] {
    chime::proactor loop;
    std::deque<chime::operation> operations(300);  // more than a ring takes at once
    int ends[2];
    if (::pipe(ends) != 0) return;
    const int first = next_descriptor();
    if (!loop.open({.backend = "io_uring"}) || !loop.poll()) return;
    for (int opened = first; opened < first + 8; ++opened) ::close(opened);
    for (auto& op : operations) loop.submit(op, nothing, ends[0], chime::interest::readable);
    (void)loop.poll();
  };
  EXPECT_DEATH(watch_many(), "chime: the loop's ring is useless: its descriptor was closed by somebody else");
}

}  // namespace
