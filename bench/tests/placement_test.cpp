// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "harness/placement.hpp"

#include <gtest/gtest.h>

#include "harness/machine.hpp"
#include "harness/thread.hpp"

namespace chime::bench {
namespace {

TEST(placement, what_is_usual_lies_well_within) {
  EXPECT_EQ(classify(50), placement::siblings);
  EXPECT_EQ(classify(140), placement::near);
  EXPECT_EQ(classify(560), placement::far);
}

TEST(placement, a_limit_belongs_to_what_is_farther) {
  EXPECT_EQ(classify(94.9), placement::siblings);
  EXPECT_EQ(classify(95), placement::near);
  EXPECT_EQ(classify(299.9), placement::near);
  EXPECT_EQ(classify(300), placement::far);
}

TEST(placement, names_lead_back) {
  for (const placement place : all_placements) EXPECT_EQ(placement_named(name_of(place)), place);
  EXPECT_FALSE(placement_named("elsewhere"));
}

TEST(placement, a_line_takes_time_to_travel) {
  const auto usable = usable_processors();
  if (usable.size() < 2) GTEST_SKIP() << "one processor only";
  pin_to(usable[0]);
  const double found = line_round_trip_ns(usable[1]);
  EXPECT_GT(found, 5);
}

TEST(placement, a_processor_that_is_not_there_is_told) {
  EXPECT_THROW((void)line_round_trip_ns(CPU_SETSIZE - 1), std::system_error);
}

}  // namespace
}  // namespace chime::bench
