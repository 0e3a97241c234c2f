// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// EAGAIN of write: strangers have filled the primitive of a native event before its ticket signals. It is readable, so the
/// signal is delivered all the same.
#include <unistd.h>

#include <cerrno>

#include "world.hpp"

namespace conformance {
namespace {

/// Until nothing more fits.
void fill(chime::native_handle handle, world::kind kind) {
  const int descriptor = static_cast<int>(handle);
  if (kind == world::kind::native_eventfd) {
    const std::uint64_t most = UINT64_MAX - 1;
    ASSERT_EQ(::write(descriptor, &most, sizeof most), static_cast<ssize_t>(sizeof most));
    const std::uint64_t one = 1;
    ASSERT_EQ(::write(descriptor, &one, sizeof one), -1);
  } else {
    const std::vector<char> much(1U << 16U);
    while (::write(descriptor, much.data(), much.size()) > 0) {
    }
    ASSERT_EQ(::write(descriptor, much.data(), 1), -1);
  }
  ASSERT_EQ(errno, EAGAIN);
}

using full_event = in_world;
IN_EVERY_NATIVE_WORLD(full_event);

TEST_P(full_event, that_its_ticket_signals_completes_its_wait) {
  ASSERT_NO_FATAL_FAILURE(open_pool({.maximum_capacity = 1}));
  for (int round = 0; round < 3; ++round) {
    chime::event ev = acquire();
    const chime::ticket t = ev.get_ticket();
    ASSERT_NO_FATAL_FAILURE(fill(ev.native_signal().value(), GetParam().events));
    if (round == 1) ev.foreign_use_ended();
    errno = 0;
    EXPECT_EQ(t.signal(), signal_result::delivered);
    EXPECT_EQ(errno, 0);
    waiter& w = submit(std::move(ev));
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::success);
    w.ev.reset();
    // The next use knows nothing of it.
    waiter& next = submit(acquire());
    let_the_loop_see();
    pool.cancel_all();
    ASSERT_TRUE(complete(next));
    EXPECT_EQ(next.outcome(), outcome::cancelled);
    next.ev.reset();
  }
}

}  // namespace
}  // namespace conformance
