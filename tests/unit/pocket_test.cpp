// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A pocket tells whether anything came into it since it was seen empty, also if all of that is gone again.
#include "pool/pocket.hpp"

#include <gtest/gtest.h>

#include <array>
#include <thread>

namespace {

using chime::detail::event_front;
using chime::detail::pocket;

struct alignas(64) aligned_event : event_front {};

/// As another thread, which does not own the pocket.
template <class Work>
void elsewhere(Work work) {
  std::thread(work).join();
}

class Pocket : public testing::Test {
 protected:
  pocket p;
  std::array<aligned_event, 8> events;
};

TEST_F(Pocket, IsUnchangedWhileNothingComesIn) {
  pocket::emptiness seen;
  EXPECT_EQ(p.take(seen), nullptr);
  EXPECT_TRUE(p.unchanged(seen));
  pocket::emptiness again;
  EXPECT_EQ(p.take(again), nullptr);
  EXPECT_TRUE(p.unchanged(seen));
}

TEST_F(Pocket, TellsWhatItsOwnerPutInAndTookOut) {
  for (unsigned round = 0; round < 3; ++round) {
    pocket::emptiness seen;
    pocket::emptiness unused;
    ASSERT_EQ(p.take(seen), nullptr);
    ASSERT_TRUE(p.put(events[0]));
    EXPECT_FALSE(p.unchanged(seen));
    ASSERT_EQ(p.take(unused), &events[0]);
    EXPECT_FALSE(p.unchanged(seen));
  }
}

TEST_F(Pocket, TellsWhatOthersPutInAndTookOut) {
  pocket::emptiness unused;
  ASSERT_TRUE(p.put(events[1]));  // makes this thread the owner
  ASSERT_EQ(p.take(unused), &events[1]);
  for (unsigned round = 0; round < 3; ++round) {
    pocket::emptiness seen;
    ASSERT_EQ(p.take(seen), nullptr);
    elsewhere([&] { EXPECT_TRUE(p.put(events[0])); });
    EXPECT_FALSE(p.unchanged(seen));
    ASSERT_EQ(p.take(unused), &events[0]);
    EXPECT_FALSE(p.unchanged(seen));
  }
}

TEST_F(Pocket, GivesBackEachEventOnceAndRefusesWhatHasNoRoom) {
  std::size_t kept = 0;
  while (kept < events.size() && p.put(events.at(kept))) ++kept;
  EXPECT_EQ(kept, chime::sync::own_slots + chime::sync::shared_slots);
  pocket::emptiness unused;
  for (std::size_t i = 0; i < kept; ++i) EXPECT_EQ(p.take(unused), &events.at(i));
  EXPECT_EQ(p.take(unused), nullptr);
}

}  // namespace
