// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "harness/child.hpp"

#include <gtest/gtest.h>

#include <system_error>

#include "harness/sample.hpp"

namespace chime::bench {
namespace {

using namespace std::chrono_literals;

child_outcome shell(const std::string& script, std::chrono::seconds limit = 30s) {
  return run_child("/bin/sh", {"-c", script}, limit);
}

TEST(child, prints_and_ends) {
  const child_outcome found = shell("echo out; echo err >&2");
  EXPECT_EQ(found.printed, "out\n");
  EXPECT_EQ(found.errors, "err\n");
  EXPECT_EQ(found.failure, "");
}

TEST(child, its_exit_code_is_told) { EXPECT_EQ(shell("exit 3").failure, "exit code 3"); }
TEST(child, its_death_is_told) { EXPECT_EQ(shell("kill -ABRT $$").failure, "killed by Aborted"); }
TEST(child, takes_no_longer_than_it_may) { EXPECT_EQ(shell("exec sleep 100", 1s).failure, "not done after 1 s"); }
TEST(child, who_is_not_there_cannot_start) {
  EXPECT_THROW((void)run_child("/nonexistent/program", {}, 1s), std::system_error);
}

TEST(sample, survives_its_journey) {
  const sample there = {.figures = {{"chime", "p50", 1.5}, {"asio", "", 3, "ms"}}, .before_ns = 50, .after_ns = 560};
  const sample back = sample_from_json(to_json(there));
  ASSERT_EQ(back.figures.size(), 2U);
  EXPECT_EQ(back.figures[0].subject, "chime");
  EXPECT_EQ(back.figures[0].metric, "p50");
  EXPECT_EQ(back.figures[0].value, 1.5);
  EXPECT_EQ(back.figures[1].unit, "ms");
  EXPECT_EQ(back.before(), placement::siblings);
  EXPECT_EQ(back.after(), placement::far);
}

TEST(sample, what_is_none_is_refused) {
  EXPECT_THROW((void)sample_from_json(""), std::runtime_error);
  EXPECT_THROW((void)sample_from_json("{}"), std::runtime_error);
  EXPECT_THROW((void)sample_from_json(to_json(sample{})), std::runtime_error) << "it has no figures";
}

}  // namespace
}  // namespace chime::bench
