// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "harness/statistics.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace chime::bench {
namespace {

TEST(statistics, one_figure_is_its_own_summary) {
  const summary found = summarise({7});
  EXPECT_EQ(found.median, 7);
  EXPECT_EQ(found.low, 7);
  EXPECT_EQ(found.high, 7);
  EXPECT_EQ(found.count, 1U);
}

TEST(statistics, order_does_not_matter) {
  const summary found = summarise({5, 1, 4, 2, 3});
  EXPECT_EQ(found.median, 3);
  EXPECT_EQ(found.low, 2);
  EXPECT_EQ(found.high, 4);
}

TEST(statistics, between_two_figures_lies_what_is_between) {
  const summary found = summarise({1, 2, 3, 4});
  EXPECT_DOUBLE_EQ(found.median, 2.5);
  EXPECT_DOUBLE_EQ(found.low, 1.75);
  EXPECT_DOUBLE_EQ(found.high, 3.25);
}

TEST(statistics, ends_are_quantiles) {
  EXPECT_EQ(quantile({1, 2, 3}, 0), 1);
  EXPECT_EQ(quantile({1, 2, 3}, 1), 3);
}

TEST(statistics, nothing_has_no_summary) { EXPECT_THROW((void)summarise({}), std::invalid_argument); }

}  // namespace
}  // namespace chime::bench
