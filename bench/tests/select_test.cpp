// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "harness/select.hpp"

#include <gtest/gtest.h>

namespace chime::bench {
namespace {

using places = std::vector<std::size_t>;

job named(std::string case_name, std::vector<std::string> subjects) {
  job made;
  made.case_name = std::move(case_name);
  made.subjects = std::move(subjects);
  return made;
}

job_list some_jobs() {
  return {named("pool/cycle", {"chime"}), named("pool/cycle", {"seed"}), named("signal/cycle", {"chime", "asio"})};
}

TEST(select, a_star_takes_all) { EXPECT_EQ(select(some_jobs(), "*", "*"), (places{0, 1, 2})); }
TEST(select, a_star_crosses_the_slash) { EXPECT_EQ(select(some_jobs(), "*cycle", "*"), (places{0, 1, 2})); }
TEST(select, by_case) { EXPECT_EQ(select(some_jobs(), "pool/*", "*"), (places{0, 1})); }
TEST(select, by_any_subject) { EXPECT_EQ(select(some_jobs(), "*", "asio"), (places{2})); }
TEST(select, by_both) { EXPECT_EQ(select(some_jobs(), "pool/*", "chime"), (places{0})); }
TEST(select, nothing_matches) { EXPECT_TRUE(select(some_jobs(), "pool", "*").empty()); }

}  // namespace
}  // namespace chime::bench
