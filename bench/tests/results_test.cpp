// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "harness/results.hpp"

#include <gtest/gtest.h>

#include "make_results.hpp"

namespace chime::bench {
namespace {

const series_key ours = {"pool/cycle", "chime", placement::siblings};
const series_key theirs = {"pool/cycle", "seed", placement::siblings};

TEST(results, a_metric_makes_a_row_of_its_own) {
  results found;
  job what;
  what.case_name = "signal/latency-busy";
  what.unit = "us";
  found.add(what, 0, {.figures = {{"chime", "p50", 1}, {"chime", "p99", 2, "ms"}}});
  EXPECT_EQ(found.find({"signal/latency-busy:p50", "chime", placement::one})->unit, "us");
  EXPECT_EQ(found.find({"signal/latency-busy:p99", "chime", placement::one})->unit, "ms");
  EXPECT_EQ(found.find({"signal/latency-busy", "chime", placement::one}), nullptr);
}

TEST(results, placements_are_not_mixed) {
  results found;
  put(found, 0, "pool/cycle", "ns", "chime", 1, siblings_ns);
  put(found, 1, "pool/cycle", "ns", "chime", 100, near_ns);
  EXPECT_EQ(found.row(ours)->median, 1);
  EXPECT_EQ(found.row({"pool/cycle", "chime", placement::near})->median, 100);
}

TEST(results, a_ratio_pairs_rounds) {
  results found;
  // The machine slows down by ten from round to round; the ratio stays.
  for (const auto& [round, slow] : {std::pair{0, 1.0}, {1, 10.0}, {2, 100.0}}) {
    put(found, round, "pool/cycle", "ns", "chime", slow);
    put(found, round, "pool/cycle", "ns", "seed", 7 * slow);
  }
  const auto quotient = found.compare(ours, theirs);
  ASSERT_TRUE(quotient);
  EXPECT_TRUE(quotient->paired);
  EXPECT_DOUBLE_EQ(quotient->quotient.median, 1.0 / 7);
  EXPECT_DOUBLE_EQ(quotient->quotient.high, 1.0 / 7);
  EXPECT_EQ(quotient->quotient.count, 3U);
}

TEST(results, without_common_rounds_a_ratio_is_that_of_the_medians) {
  results found;
  put(found, 0, "pool/cycle", "ns", "chime", 2);
  put(found, 1, "pool/cycle", "ns", "seed", 8);
  const auto quotient = found.compare(ours, theirs);
  ASSERT_TRUE(quotient);
  EXPECT_FALSE(quotient->paired);
  EXPECT_DOUBLE_EQ(quotient->quotient.median, 0.25);
}

TEST(results, no_ratio_across_placements) {
  results found;
  put(found, 0, "pool/cycle", "ns", "chime", 2, siblings_ns);
  put(found, 0, "pool/cycle", "ns", "seed", 8, near_ns);
  EXPECT_FALSE(found.compare(ours, theirs));
  EXPECT_TRUE(rivalries(found).empty());
}

TEST(results, nothing_is_divided_by_nothing) {
  results found;
  put(found, 0, "pool/cycle", "ns", "chime", 2);
  put(found, 0, "pool/cycle", "ns", "seed", 0);
  EXPECT_FALSE(found.compare(ours, theirs));
}

TEST(results, rivalries_are_of_one_case) {
  results found;
  put(found, 0, "pool/cycle", "ns", "chime", 2);
  put(found, 0, "pool/cycle", "ns", "chime-cache", 1);
  put(found, 0, "pool/cycle", "ns", "seed", 8);
  put(found, 0, "pool/grow", "ns", "tbb", 8);
  const auto all = rivalries(found);
  ASSERT_EQ(all.size(), 2U);
  for (const rivalry& one : all) EXPECT_EQ(one.rival, "seed");
}

}  // namespace
}  // namespace chime::bench
