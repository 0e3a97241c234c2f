// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Pools of native events: the primitive's state at every acquire, whoever was late for the use before.
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "native_pool_fixture.hpp"
#include "together.hpp"

namespace {

using namespace chime_test;
using chime::fault;
using chime::signal_result;

using NativePoolState = NativePool;

TEST_P(NativePoolState, E3_TheHandleIsReadableWhileTheEventIsSignalled) {
  open(1);
  auto ev = acquire_from(pool);
  const auto handle = ev.native();
  ASSERT_TRUE(handle);
  EXPECT_FALSE(readable(static_cast<int>(*handle)));
  EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
  EXPECT_EQ(ev.get_ticket().signal(), signal_result::coalesced);
  EXPECT_TRUE(readable(static_cast<int>(*handle)));
}

TEST_P(NativePoolState, E1_CoalescedAndStaleSignalsAreNotWritten) {
  open(1, 1);
  auto ev = acquire_from(pool);
  const chime::ticket t = ev.get_ticket();
  EXPECT_EQ(t.signal(), signal_result::delivered);
  for (unsigned i = 0; i < 5; ++i) EXPECT_EQ(t.signal(), signal_result::coalesced);
  const auto handles = cell_of(ev).native()->handles;
  ev.reset();
  EXPECT_EQ(t.signal(), signal_result::stale);
  EXPECT_EQ(chime::detail::read_empty(handles), 1U);
}

TEST_P(NativePoolState, D6_CannotBeWaitedForWithoutALoop) {
  open(1);
  auto ev = acquire_from(pool);
  EXPECT_EQ(error_of(ev.wait()), fault::native_only_in_loop);
}

TEST_P(NativePoolState, D2_P10_ASignalledEventComesBackUnsignalledInItsOldPrimitive) {
  open(1, 1);
  for (unsigned i = 0; i < 3; ++i) {
    auto ev = acquire_from(pool);
    const int fd = read_end(ev);
    EXPECT_FALSE(readable(fd));
    EXPECT_EQ(ev.get_ticket().signal(), signal_result::delivered);
    EXPECT_TRUE(readable(fd));
    ev.reset();
    EXPECT_TRUE(readable(fd)) << "release does not reset";
    ev = acquire_from(pool);
    EXPECT_EQ(read_end(ev), fd);
    EXPECT_FALSE(readable(fd));
  }
}

TEST_P(NativePoolState, D2_AForeignWriterThatIsLateWritesToNobodysPrimitive) {
  open(1, 1);
  auto ev = acquire_from(pool);
  const auto given = ev.native_signal();
  ASSERT_TRUE(given);
  const int foreign = ::dup(static_cast<int>(*given));  // as another process would hold it
  ASSERT_GE(foreign, 0);
  ev.reset();
  const std::uint64_t one = 1;
  ASSERT_GT(::write(foreign, &one, sizeof one), 0);
  ev = acquire_from(pool);
  EXPECT_FALSE(readable(read_end(ev)));
  const auto before = std::signal(SIGPIPE, SIG_IGN);  // the pipe's reader is gone
  EXPECT_EQ(::write(foreign, &one, sizeof one) > 0, GetParam() != chime::primitive::pipe);
  (void)std::signal(SIGPIPE, before);
  EXPECT_FALSE(readable(read_end(ev)));
  EXPECT_EQ(::close(foreign), 0);
}

TEST_P(NativePoolState, AForeignWriterThatHasEndedCostsNoNewPrimitive) {
  open(1, 1);
  auto ev = acquire_from(pool);
  const int fd = read_end(ev);
  const auto given = ev.native_signal();
  ASSERT_TRUE(given);
  const std::uint64_t one = 1;
  ASSERT_GT(::write(static_cast<int>(*given), &one, sizeof one), 0);
  ev.foreign_use_ended();
  ev.reset();
  ev = acquire_from(pool);
  EXPECT_EQ(read_end(ev), fd);
  EXPECT_FALSE(readable(fd));
}

TEST_P(NativePoolState, AnEventWithALateSignallerIsPassedOverUntilThatIsGone) {
  open(2, 2);
  auto late = acquire_from(pool);
  auto other = acquire_from(pool);
  auto& c = cell_of(late);
  enter_flight(late);
  other.reset();
  late.reset();  // on top, so it is tried first
  other = acquire_from(pool);
  EXPECT_NE(&cell_of(other), &c);
  EXPECT_EQ(error_of(pool.acquire()), fault::pool_exhausted);
  expect_account(pool, 1, 0, 1);
  {
    chime::event_cache cache(pool);
    EXPECT_EQ(error_of(cache.acquire()), fault::pool_exhausted);
  }
  expect_account(pool, 1, 0, 1);
  leave_flight(c);
  late = acquire_from(pool);
  EXPECT_EQ(&cell_of(late), &c);
}

TEST_P(NativePoolState, ACacheTriesWhatItHasBeforeThePoolGrows) {
  open(0, 8);
  chime::event_cache cache(pool);
  auto late = acquire_from(cache);
  auto fit = acquire_from(cache);
  auto& c = cell_of(late);
  auto& expected = cell_of(fit);
  enter_flight(late);
  fit.reset();
  late.reset();  // on top, so it is tried first
  fit = acquire_from(cache);
  EXPECT_EQ(&cell_of(fit), &expected);
  EXPECT_EQ(pool.stats().made, 2U);
  leave_flight(c);
}

TEST_P(NativePoolState, CloseWaitsForALateSignaller) {
  open(1, 1);
  auto ev = acquire_from(pool);
  auto& c = cell_of(ev);
  enter_flight(ev);
  ev.reset();
  std::atomic<bool> has_left = false;
  std::atomic<bool> about_to_close = false;
  bool waited = false;
  std::size_t out = 99;
  {
    std::jthread closer([&] {
      about_to_close = true;
      out = pool.close();
      waited = has_left;
    });
    EXPECT_TRUE(chime_test::eventually([&] { return about_to_close.load(); }));
    for (unsigned i = 0; i < 1000; ++i) std::this_thread::yield();  // a chance to be wrong
    has_left = true;
    leave_flight(c);
  }
  EXPECT_EQ(out, 0U);
  EXPECT_TRUE(waited);
}

TEST_P(NativePoolState, D2_SignallersThatRaceWithReleaseNeverReachTheNextUse) {
  constexpr unsigned uses = 3000;
  open(1, 1);
  std::vector<chime::ticket> tickets(uses);
  std::atomic<unsigned> published = 0;
  std::atomic<unsigned> delivered = 0;
  unsigned came_back_signalled = 0;
  chime_test::together(3, [&](unsigned who) {
    for (unsigned i = 0; i < uses; ++i) {
      if (who != 0) {
        if (!chime_test::eventually([&] { return published.load(std::memory_order_acquire) > i; })) return;
        if (tickets[i].signal() == signal_result::delivered) ++delivered;
        continue;
      }
      // Refused only while a signaller of the use before is still under way.
      chime::event ev;
      EXPECT_TRUE(chime_test::eventually([&] {
        auto got = pool.acquire();
        if (got) ev = std::move(*got);
        return got.has_value();
      }));
      if (!ev) return;
      if (readable(read_end(ev)) || chime_test::phase_of(ev) != chime_test::phase::idle) ++came_back_signalled;
      tickets[i] = ev.get_ticket();
      published.store(i + 1, std::memory_order_release);
      if (i % 2 == 0) std::this_thread::yield();
    }
  });
  EXPECT_EQ(came_back_signalled, 0U);
  EXPECT_LE(delivered, uses);
  expect_account(pool, 1, 0, 0);
}

INSTANTIATE_TEST_SUITE_P(Kinds, NativePoolState, both_kinds, name_of_kind);

}  // namespace
