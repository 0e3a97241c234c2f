// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// When a loop spins before it sleeps.
#include "sync/spin_policy.hpp"

#include <gtest/gtest.h>

namespace {

using chime::detail::spin_policy;
using namespace std::chrono_literals;

unsigned sleeps_before_the_next_spin(spin_policy& p, std::chrono::nanoseconds each = 1s) {
  for (unsigned sleeps = 0;; ++sleeps) {
    if (p.should_spin()) return sleeps;
    p.slept(each);
  }
}

TEST(SpinPolicy, ZeroNeverSpins) {
  spin_policy p(0ns);
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(p.should_spin());
}

TEST(SpinPolicy, SpinsAsLongAsSpinsSucceed) {
  spin_policy p(50us);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(p.should_spin());
    p.succeeded();
  }
}

TEST(SpinPolicy, EachVainSpinDoublesTheSleepsUpToABound) {
  spin_policy p(50us);
  unsigned last = sleeps_before_the_next_spin(p);
  EXPECT_EQ(last, 0U);
  for (int i = 0; i < 20; ++i) {
    p.failed();
    const unsigned now = sleeps_before_the_next_spin(p);
    EXPECT_GE(now, last);
    EXPECT_LE(now, 511U);
    last = now;
  }
  EXPECT_EQ(last, 511U) << "an idle loop spins hardly ever";
  p.succeeded();
  p.failed();
  EXPECT_EQ(sleeps_before_the_next_spin(p), 1U) << "a success forgives all failures";
}

TEST(SpinPolicy, ShortSleepsBringTheNextSpinCloser) {
  spin_policy p(50us);
  for (int i = 0; i < 20; ++i) {
    p.failed();
    (void)sleeps_before_the_next_spin(p);
  }
  p.failed();
  EXPECT_LE(sleeps_before_the_next_spin(p, 10us), 10U);
}

TEST(SpinPolicy, NoSpinLastsLongerThanASecond) { EXPECT_EQ(spin_policy(24h).longest(), 1s); }

}  // namespace
