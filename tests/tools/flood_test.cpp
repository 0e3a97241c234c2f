// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The flood example: every signal counted, and hardly a system call.
#include <gtest/gtest.h>

#include <sstream>

#include "backend_test.hpp"
#include "command.hpp"

using tools_test::contains;
using tools_test::on_every_backend;
using tools_test::outcome;
using tools_test::run;

namespace {

/// The calls in the line "total" of a table of strace -c.
unsigned long total_calls(const std::string& table) {
  std::istringstream lines{table};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    double percent = 0;
    double seconds = 0;
    unsigned long each = 0;
    unsigned long calls = 0;
    if (line.ends_with(" total") && words >> percent >> seconds >> each >> calls) return calls;
  }
  ADD_FAILURE() << "no total in: " << table;
  return 0;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

class flood : public on_every_backend {};

INSTANTIATE_TEST_SUITE_P(backends, flood, tools_test::every_backend, tools_test::backend_name);

TEST_P(flood, counts_every_signal) {
  for (const char* producers : {"1", "2", "3"}) {
    const outcome o = run({CHIME_FLOOD, "--backend", GetParam(), "--events", "50000", "--producers", producers});
    EXPECT_EQ(o.exit_code, 0) << o.err;
    EXPECT_TRUE(contains(o.out, "50000 signals: 50000 delivered, 0 coalesced, 0 stale; 50000 completions\n")) << o.out;
    EXPECT_TRUE(contains(o.out, producers + (" producers on " + GetParam() + ": "))) << o.out;
  }
}

TEST_P(flood, sends_fewer_events_than_it_has_producers) {
  const outcome o = run({CHIME_FLOOD, "--backend", GetParam(), "--events", "1", "--producers", "4"});
  EXPECT_EQ(o.exit_code, 0) << o.err;
  EXPECT_TRUE(contains(o.out, "1 signals: 1 delivered, ")) << o.out;
}

TEST_P(flood, makes_at_most_one_system_call_for_100_events) {
  if (sanitized) GTEST_SKIP() << "the sanitizer makes system calls of its own";
  if (run({"strace", "-o", "/dev/null", "true"}).exit_code != 0) GTEST_SKIP() << "strace cannot trace here";
  constexpr unsigned long events = 1'000'000;
  const outcome o =
      run({"strace", "-f", "-c", CHIME_FLOOD, "--backend", GetParam(), "--events", std::to_string(events)});
  ASSERT_EQ(o.exit_code, 0) << o.err;
  EXPECT_LE(total_calls(o.err), events / 100) << o.err;
}

TEST(flood_usage, refuses_what_makes_no_sense) {
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"--events", "0"},
                                                {"--producers", "0"},
                                                {"--producers", "257"},
                                                {"--backend", "kqueue"},
                                                {"--fast"}}) {
    std::vector<std::string> words = wrong;
    words.insert(words.begin(), CHIME_FLOOD);
    const outcome o = run(words);
    EXPECT_EQ(o.exit_code, 2) << wrong[0];
    EXPECT_EQ(o.out, "");
    EXPECT_FALSE(o.err.empty());
  }
}

}  // namespace
