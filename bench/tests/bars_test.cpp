// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "harness/bars.hpp"

#include <gtest/gtest.h>

#include <set>

#include "make_results.hpp"

namespace chime::bench {
namespace {

constexpr std::array<double, 4> limits = {7, 7, 5, 3};

bar against(measure how, std::array<double, 4> limit, std::vector<std::string> rivals) {
  return {.case_name = "a/case", .subject = "chime", .how = how, .limits = limit, .comparisons = std::move(rivals)};
}

verdict only(const std::vector<verdict>& said) {
  EXPECT_EQ(said.size(), 1U);
  return said.at(0);
}

TEST(bars, what_takes_a_seventh_of_the_time_is_seven_times_better) {
  results found;
  put(found, 0, "a/case", "ns", "chime", 2);
  put(found, 0, "a/case", "ns", "seed", 14);
  const bar what = against(measure::times_better, limits, {"seed"});
  const verdict said = only(judge(what, found));
  EXPECT_DOUBLE_EQ(*said.value, 7);
  EXPECT_TRUE(said.met);
}

TEST(bars, seven_times_the_rate_is_seven_times_better) {
  results found;
  put(found, 0, "a/case", "M/s", "chime", 13.9);
  put(found, 0, "a/case", "M/s", "seed", 2);
  const bar what = against(measure::times_better, limits, {"seed"});
  const verdict said = only(judge(what, found));
  EXPECT_DOUBLE_EQ(*said.value, 6.95);
  EXPECT_FALSE(said.met);
}

TEST(bars, each_placement_has_its_limit) {
  results found;
  for (const double round_trip : {siblings_ns, near_ns}) {
    put(found, 0, "a/case", "ns", "chime", 2, round_trip);
    put(found, 0, "a/case", "ns", "seed", 12, round_trip);
  }
  const bar what = against(measure::times_better, limits, {"seed"});
  const auto said = judge(what, found);
  ASSERT_EQ(said.size(), 2U);
  EXPECT_EQ(said[0].place, placement::siblings);
  EXPECT_FALSE(said[0].met);
  EXPECT_EQ(said[1].place, placement::near);
  EXPECT_TRUE(said[1].met);
}

TEST(bars, the_best_rival_counts) {
  results found;
  put(found, 0, "a/case", "M/s", "chime", 10);
  put(found, 0, "a/case", "M/s", "slow", 1);
  put(found, 0, "a/case", "M/s", "fast", 5);
  const bar what = against(measure::times_better, limits, {"slow", "fast", "absent"});
  const verdict said = only(judge(what, found));
  EXPECT_EQ(said.compared_with, "fast");
  EXPECT_DOUBLE_EQ(*said.value, 2);
}

TEST(bars, of_latencies_the_least_is_the_best) {
  results found;
  put(found, 0, "a/case", "us", "chime", 1.2);
  put(found, 0, "a/case", "us", "slow", 9);
  put(found, 0, "a/case", "us", "fast", 1);
  const bar what = against(measure::times_cost, {1.3, 1.3, 1.3, 1.3}, {"slow", "fast"});
  const verdict said = only(judge(what, found));
  EXPECT_EQ(said.compared_with, "fast");
  EXPECT_TRUE(said.met);
}

TEST(bars, no_worse_allows_noise_but_not_more) {
  results noisy;
  results worse;
  for (const auto& [round, value] : {std::pair{0, 0.98}, {1, 1.02}, {2, 1.03}, {3, 0.99}, {4, 1.05}}) {
    put(noisy, round, "a/case", "us", "chime", value);
    put(noisy, round, "a/case", "us", "rival", 1);
    put(worse, round, "a/case", "us", "chime", value + 0.1);
    put(worse, round, "a/case", "us", "rival", 1);
  }
  const bar what = against(measure::no_worse, {1, 1, 1, 1}, {"rival"});
  EXPECT_TRUE(only(judge(what, noisy)).met);
  EXPECT_FALSE(only(judge(what, worse)).met);
}

TEST(bars, noise_counts_the_other_way_round_for_rates) {
  results found;
  for (const auto& [round, value] : {std::pair{0, 0.9}, {1, 0.95}, {2, 0.96}, {3, 1.0}, {4, 1.0}}) {
    put(found, round, "a/case", "M/s", "chime", value);
    put(found, round, "a/case", "M/s", "rival", 1);
  }
  const bar what = against(measure::no_worse, {1, 1, 1, 1}, {"rival"});
  EXPECT_TRUE(only(judge(what, found)).met);
}

TEST(bars, figures_that_stand_alone) {
  results found;
  put(found, 0, "a/case", "calls", "chime", 2.04, 0);
  bar what = against(measure::about, {2, 2, 2, 2}, {});
  what.slack = 0.05;
  EXPECT_TRUE(only(judge(what, found)).met);
  what.slack = 0.03;
  EXPECT_FALSE(only(judge(what, found)).met);
  EXPECT_FALSE(only(judge(against(measure::at_most, {2, 2, 2, 2}, {}), found)).met);
  EXPECT_TRUE(only(judge(against(measure::at_least, {2, 2, 2, 2}, {}), found)).met);
}

TEST(bars, another_metric_of_the_same_subject) {
  results found;
  put(found, 0, "a/case", "ns", "chime", 14);
  put(found, 0, "another/case", "ns", "chime", 10);
  bar what = against(measure::times_cost, {1.5, 1.5, 1.5, 1.5}, {"chime"});
  what.comparison_case = "another/case";
  const verdict said = only(judge(what, found));
  EXPECT_DOUBLE_EQ(*said.value, 1.4);
  EXPECT_TRUE(said.met);
}

TEST(bars, what_was_not_measured_is_not_met) {
  const bar what = against(measure::times_better, limits, {"seed"});
  results ours_only;
  put(ours_only, 0, "a/case", "ns", "chime", 1);
  for (const results& found : {results(), ours_only}) {
    const verdict said = only(judge(what, found));
    EXPECT_FALSE(said.met);
    EXPECT_FALSE(said.place);
    EXPECT_FALSE(said.value);
  }
}

TEST(bars, a_best_of_nothing_is_met_by_nothing_only) {
  results found;
  put(found, 0, "a/case", "calls", "rival", 0);
  put(found, 0, "a/case", "calls", "chime", 0.5);
  const bar what = against(measure::no_worse, {1, 1, 1, 1}, {"rival"});
  EXPECT_FALSE(only(judge(what, found)).met);
}

TEST(bars, a_rate_of_nothing_beats_nobody) {
  results found;
  put(found, 0, "a/case", "M/s", "rival", 0);
  put(found, 0, "a/case", "M/s", "chime", 0);
  const bar what = against(measure::times_better, limits, {"rival"});
  EXPECT_FALSE(only(judge(what, found)).met);
}

TEST(bars, each_of_the_table_reads_well) {
  std::set<std::string> texts;
  for (const bar& each : bar_table()) {
    EXPECT_NE(each.case_name.find('/'), std::string::npos);
    EXPECT_TRUE(texts.insert(each.case_name + text_of(each)).second) << each.case_name << " twice";
  }
}

}  // namespace
}  // namespace chime::bench
