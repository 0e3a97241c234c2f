// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Faults that last: no descriptors, no address space, no memory, calls that a sandbox refuses. Each is told by its name,
/// and when it is over, everything goes on and nothing is left over.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "trace.hpp"

namespace faults {
namespace {

std::vector<std::string> with(std::vector<std::string> arguments, std::initializer_list<std::string> more) {
  arguments.insert(arguments.end(), more);
  return arguments;
}

/// That all went well in the end; returns how many errors were told on the way, each of which must have this name.
std::size_t expect_recovered(const driven& d, const std::vector<std::string>& names) {
  EXPECT_EQ(d.exit_code, 0) << d.said << d.errors;
  if (!d.said.is_object()) return 0;
  EXPECT_EQ(d.said["breaches"].size(), 0U) << d.said;
  EXPECT_EQ(d.said["descriptors_left"], 0) << d.said;
  for (const auto& told : d.said["reported"]) {
    const std::string name = told.get<std::string>().substr(told.get<std::string>().find(':') + 1);
    EXPECT_NE(std::ranges::find(names, name), names.end()) << d.said;
  }
  return d.said["reported"].size();
}

class limits : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (const std::string why = why_not_on(GetParam()); !why.empty()) GTEST_SKIP() << why;
  }
  [[nodiscard]] static driven run(std::initializer_list<std::string> more) {
    return drive(with(on_backend(GetParam()), more));
  }
};

std::string backend_name(const testing::TestParamInfo<const char*>& info) { return info.param; }
INSTANTIATE_TEST_SUITE_P(on, limits, testing::Values("io_uring", "epoll", "poll"), backend_name);

TEST_P(limits, of_descriptors_are_told_and_survived) {
  std::size_t limit = 0;
  for (; limit < 200; ++limit) {
    const driven d = run({"--descriptors", std::to_string(limit)});
    if (expect_recovered(d, {"EMFILE"}) == 0 && limit > 10) break;
    ASSERT_FALSE(HasFailure()) << "with room for " << limit << " descriptors";
  }
  EXPECT_GT(limit, 20U) << "the scenario needs more than that";
  EXPECT_LT(limit, 200U);
}

TEST_P(limits, of_address_space_are_told_and_survived) {
  std::size_t told = 0;
  for (long room = 0; room < (1 << 20); room = room * 5 / 4 + 4096) {
    const driven d = run({"--cold-heap", "--address-space", std::to_string(room)});
    told += expect_recovered(d, {"ENOMEM", "backend_unusable"});
    ASSERT_FALSE(HasFailure()) << "with room for " << room << " bytes";
  }
  EXPECT_GT(told, 10U);
}

TEST_P(limits, of_locked_memory_are_told_or_do_not_matter) {
  expect_recovered(run({"--locked-memory", "0"}), {"ENOMEM", "backend_unusable"});
}

TEST_P(limits, of_an_allocator_are_told_wherever_they_come) {
  const auto requests = drive(on_backend(GetParam())).said["allocations"].get<int>();
  ASSERT_GT(requests, 5);
  std::size_t told = 0;
  for (const char* in_a_row : {"1", "3"}) {
    for (int first = 1; first <= requests; ++first) {
      const driven d = run({"--fail-allocation", std::to_string(first), "--fail-allocations", in_a_row});
      told += expect_recovered(d, {"ENOMEM"});
      ASSERT_FALSE(HasFailure()) << in_a_row << " failures from request " << first;
    }
  }
  EXPECT_GT(told, 5U);
}

const std::string no_end = "no end of failures in open_loop";

TEST(sandbox, that_refuses_io_uring_gets_epoll) {
  for (const int error : {EPERM, ENOSYS}) {
    const driven d = drive({"--refuse", "io_uring_setup", "--refuse-with", std::to_string(error)});
    EXPECT_EQ(expect_recovered(d, {}), 0U);
    EXPECT_EQ(d.said["backend"], "epoll");
  }
}

TEST(sandbox, that_refuses_io_uring_to_who_insists_on_it_is_told) {
  for (const int error : {EPERM, ENOSYS}) {
    const driven d =
        drive({"--backend", "io_uring", "--refuse", "io_uring_setup", "--refuse-with", std::to_string(error)});
    EXPECT_EQ(d.exit_code, 1) << d.said << d.errors;
    EXPECT_EQ(d.said["breaches"], nlohmann::json::array({no_end}));
    EXPECT_EQ(d.said["reported"][0], "open_loop:backend_unusable");
    EXPECT_EQ(d.said["descriptors_left"], 0);
    EXPECT_EQ(d.said["bytes_left"], 0);
  }
}

TEST(sandbox, that_refuses_epoll_too_gets_poll) {
  const driven d = drive({"--refuse", "io_uring_setup", "--refuse", "epoll_create1"});
  EXPECT_EQ(expect_recovered(d, {}), 0U);
  EXPECT_EQ(d.said["backend"], "poll");
}

TEST(sandbox, that_refuses_eventfds_lets_no_loop_open) {
  for (const char* backend : {"io_uring", "epoll", "poll", ""}) {
    const driven d = drive({"--backend", backend, "--refuse", "eventfd2"});
    EXPECT_EQ(d.exit_code, 1) << d.said << d.errors;
    EXPECT_EQ(d.said["breaches"], nlohmann::json::array({no_end}));
    EXPECT_EQ(d.said["reported"][0], "open_loop:EPERM");
  }
}

TEST(sandbox, that_refuses_the_policies_of_memory_leaves_node_0) {
  const driven d = drive({"--backend", "poll", "--refuse", "get_mempolicy", "--refuse", "mbind"});
  EXPECT_EQ(expect_recovered(d, {}), 0U);
}

}  // namespace
}  // namespace faults
