// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The list is whole: no system call of the library without rows, and no error of a manual without its class.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "command.hpp"
#include "matrix.hpp"
#include "trace.hpp"

namespace faults {
namespace {

/// What the driver calls between begin and end, and the library never does.
const std::set<std::string> own = {"access", "clock_nanosleep", "pselect6", "select", "writev"};

std::set<std::string> calls_of(const std::vector<std::string>& arguments) {
  const driven d = drive_traced(arguments, "all");
  EXPECT_EQ(d.exit_code, 0) << d.said << d.errors;
  std::set<std::string> names(d.elsewhere.begin(), d.elsewhere.end());
  for (const traced_call& c : d.calls) names.insert(c.name);
  for (const std::string& name : own) names.erase(name);
  return names;
}

std::set<std::string> listed() {
  std::set<std::string> names;
  for (const call& c : read_matrix(CHIME_FAULT_MATRIX)) names.insert(c.name);
  return names;
}

class coverage : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (const std::string why = why_no_strace(); !why.empty()) GTEST_SKIP() << why;
    if (const std::string why = why_not_on(GetParam()); !why.empty()) GTEST_SKIP() << why;
  }
};

TEST_P(coverage, has_a_row_for_every_call_that_the_library_makes) {
  const auto known = listed();
  auto arguments = on_backend(GetParam());
  for (const char* more : {"", "--cold-heap"}) {
    if (*more != '\0') arguments.emplace_back(more);
    const auto made = calls_of(arguments);
    EXPECT_GT(made.size(), 10U);
    for (const std::string& name : made) {
      EXPECT_TRUE(known.contains(name)) << name << " has no row in tests/faults/matrix.txt";
    }
  }
}

std::string backend_name(const testing::TestParamInfo<const char*>& info) {
  return std::regex_replace(info.param, std::regex("[:-]"), "_");
}
INSTANTIATE_TEST_SUITE_P(on, coverage,
                         testing::Values("io_uring", "io_uring:no-defer", "io_uring:linked-read", "epoll", "poll",
                                         "auto"),
                         backend_name);

/// What the clock of the machine says must not matter: no call is told a time by it, or waits by it.
TEST_P(coverage, uses_the_monotonic_clock_alone) {
  const driven d = drive_traced(on_backend(GetParam()), "all");
  ASSERT_EQ(d.exit_code, 0) << d.said << d.errors;
  unsigned timed = 0;
  for (const traced_call& c : d.calls) {
    if (own.contains(c.name)) continue;
    EXPECT_EQ(c.text.find("REALTIME"), std::string::npos) << c.text;
    EXPECT_EQ(c.name.find("timerfd"), std::string::npos) << c.text;
    timed += c.name == "futex" && c.text.find("tv_sec") != std::string::npos ? 1 : 0;
  }
  EXPECT_GT(timed, 0U) << "the scenario has a blocking wait with a deadline";
}

/// Otherwise a call of the library could hide behind one of the driver's.
TEST(coverage_itself, sees_no_call_of_the_driver_but_its_own) {
  if (const std::string why = why_no_strace(); !why.empty()) GTEST_SKIP() << why;
  EXPECT_EQ(calls_of({"--calm"}), std::set<std::string>{});
}

TEST(coverage_itself, has_a_row_for_every_number_of_a_call_in_the_sources) {
  const auto known = listed();
  const std::regex number("SYS_([a-z0-9_]+)");
  std::size_t found = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(CHIME_SOURCES)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    for (std::sregex_iterator i(text.begin(), text.end(), number), end; i != end; ++i) {
      ++found;
      EXPECT_TRUE(known.contains((*i)[1])) << (*i)[1] << " in " << entry.path();
    }
  }
  EXPECT_GT(found, 5U);
}

/// The errors that the manual page of a call lists; none if it is not installed.
std::set<std::string> errors_in_manual(const std::string& page) {
  const auto shown = tools_test::run(
      {"sh", "-c", "zcat -f /usr/share/man/man2/" + page + ".2* 2>/dev/null | awk '/^\\.SH/ {on = /ERRORS/} on'"});
  std::set<std::string> errors;
  // At the beginning of a line or after the requests that make it bold: elsewhere the text only mentions it.
  const std::regex name("^(\\.[A-Z]+ )?\"?(E[A-Z0-9]+)\\b");
  std::istringstream lines(shown.out);
  for (std::string line; std::getline(lines, line);) {
    std::smatch found;
    if (std::regex_search(line, found, name) && found[2] != "ERRORS") errors.insert(found[2]);
  }
  errors.erase("EPOLLEXCLUSIVE");
  errors.erase("EWOULDBLOCK");  // EAGAIN
  return errors;
}

TEST(coverage_itself, has_a_class_for_every_error_of_the_manuals) {
  std::map<std::string, std::set<std::string>> classed;  // by page: calls may share one
  for (const call& c : read_matrix(CHIME_FAULT_MATRIX)) {
    for (const row& r : c.rows) classed[c.manual].insert(r.errors.begin(), r.errors.end());
  }
  std::size_t pages = 0;
  for (const auto& [page, errors] : classed) {
    const auto listed_there = errors_in_manual(page);
    pages += listed_there.empty() ? 0 : 1;
    for (const std::string& error : listed_there) {
      EXPECT_TRUE(errors.contains(error)) << page << "(2) lists " << error << ", tests/faults/matrix.txt does not";
    }
  }
  if (pages == 0) GTEST_SKIP() << "the manual pages are not installed (package manpages-dev)";
}

}  // namespace
}  // namespace faults
