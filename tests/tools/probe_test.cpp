// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// `chime probe` and the tool's command line.
#include <gtest/gtest.h>

#include <chime/chime.hpp>
#include <nlohmann/json.hpp>

#include "command.hpp"

using nlohmann::json;
using tools_test::contains;
using tools_test::outcome;
using tools_test::run;

namespace {

TEST(chime_tool, tells_its_version) {
  const outcome o = run({CHIME_TOOL, "--version"});
  EXPECT_EQ(o.exit_code, 0);
  EXPECT_EQ(o.out, "chime 0.1.0\n");
}

TEST(chime_tool, helps) {
  const outcome o = run({CHIME_TOOL, "--help"});
  EXPECT_EQ(o.exit_code, 0);
  EXPECT_TRUE(contains(o.out, "probe")) << o.out;
}

class chime_tool_bad_usage : public testing::TestWithParam<std::vector<std::string>> {};

TEST_P(chime_tool_bad_usage, ends_with_2_and_tells_where_to_learn_what_is_right) {
  std::vector<std::string> words = GetParam();
  words.insert(words.begin(), CHIME_TOOL);
  const outcome o = run(words);
  EXPECT_EQ(o.exit_code, 2);
  EXPECT_EQ(o.out, "");
  EXPECT_TRUE(contains(o.err, "chime --help")) << o.err;
}

INSTANTIATE_TEST_SUITE_P(command_lines, chime_tool_bad_usage,
                         testing::Values(std::vector<std::string>{}, std::vector<std::string>{"prob"},
                                         std::vector<std::string>{"probe", "--jsn"},
                                         std::vector<std::string>{"probe", "twice"}));

TEST(chime_probe, prints_each_backend_with_its_verdict) {
  const outcome o = run({CHIME_TOOL, "probe"});
  EXPECT_EQ(o.exit_code, 0) << o.err;
  for (const chime::backend_report& report : chime::probe_backends()) {
    const std::size_t line = o.out.find("\n  " + std::string{report.name} + " ");
    ASSERT_NE(line, std::string::npos) << o.out;
    const std::string verdict = report.usable ? " usable " : " unusable ";
    EXPECT_LT(o.out.find(verdict, line), o.out.find('\n', line + 1)) << o.out;
    EXPECT_TRUE(contains(o.out, report.detail.data())) << o.out;
  }
  EXPECT_TRUE(contains(o.out, "would be chosen: ")) << o.out;
}

TEST(chime_probe, prints_valid_json_with_the_same_facts) {
  const outcome o = run({CHIME_TOOL, "probe", "--json"});
  ASSERT_EQ(o.exit_code, 0) << o.err;
  const json found = json::parse(o.out);
  EXPECT_EQ(found.at("chime"), "0.1.0");
  EXPECT_EQ(found.at("kernel").at("system"), "Linux");
  EXPECT_GE(found.at("cores").at("online").get<unsigned>(), found.at("cores").at("allowed").get<unsigned>());
  EXPECT_GE(found.at("cores").at("allowed").get<unsigned>(), 1U);
  EXPECT_TRUE(found.at("numa_nodes").at("online").is_array());
  EXPECT_TRUE(found.at("limits").at("open_files").contains("soft"));
  EXPECT_TRUE(found.at("limits").contains("io_uring_disabled"));

  const auto reports = chime::probe_backends();
  ASSERT_EQ(found.at("backends").size(), reports.size());
  for (std::size_t i = 0; i < reports.size(); ++i) {
    EXPECT_EQ(found.at("backends").at(i).at("name"), reports[i].name);
    EXPECT_EQ(found.at("backends").at(i).at("usable"), reports[i].usable);
    EXPECT_EQ(found.at("backends").at(i).at("detail"), reports[i].detail.data());
  }
}

TEST(chime_probe, names_the_backend_that_a_loop_would_get) {
  chime::proactor loop;
  ASSERT_TRUE(loop.open());
  const json found = json::parse(run({CHIME_TOOL, "probe", "--json"}).out);
  EXPECT_EQ(found.at("chosen").at("name"), loop.backend());
}

TEST(chime_probe, heeds_the_environment) {
  const json found = json::parse(run({CHIME_TOOL, "probe", "--json"}, {"CHIME_BACKEND=poll"}).out);
  EXPECT_EQ(found.at("chosen").at("name"), "poll");
}

TEST(chime_probe, says_what_would_be_right_if_the_environment_names_no_backend) {
  const outcome o = run({CHIME_TOOL, "probe"}, {"CHIME_BACKEND=kqueue"});
  EXPECT_EQ(o.exit_code, 1);
  EXPECT_TRUE(contains(o.out, "known are io_uring, epoll and poll")) << o.out;
}

TEST(chime_probe, tells_the_limits_in_force) {
  const outcome o = run({"/bin/sh", "-c", "ulimit -n 123 && exec \"$0\" probe --json", CHIME_TOOL});
  ASSERT_EQ(o.exit_code, 0) << o.err;
  EXPECT_EQ(json::parse(o.out).at("limits").at("open_files").at("soft"), 123);
}

}  // namespace
