// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What the models of the product's own code share: how they are searched, and what is said about the search.
///
/// Beside the explored atomics and plain fields, models keep ghosts: bare variables that the explorer does not see. A
/// thread is switched only at the beginning of an atomic access or a blocking call, so a ghost that is written right
/// after such an access changes in the same step with it. Ghosts tell in what order the steps took place, and order
/// nothing.
#pragma once

#include "explorer/expect.hpp"
#include "explorer/explorer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>

namespace chime::models {

/// One line for people, and the same as properties of the test.
inline void tell(const explore::options& how, const explore::outcome& found) {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const std::string bound = "preemptions " + std::to_string(how.preemptions) + ", stale reads " +
                            std::to_string(how.stale_reads) + ", time-outs " + std::to_string(how.time_outs);
  const bool random = how.method == explore::search::random;
  const char* verdict = found.failed ? "fails" : random ? "drawn by seed" : found.complete ? "complete" : "incomplete";
  std::printf("  model %s.%s: %s, %llu executions, %.2f s, %s\n", test->test_suite_name(), test->name(), bound.c_str(),
              static_cast<unsigned long long>(found.executions), found.seconds, verdict);
  std::fflush(stdout);
  const std::string prefix = random ? "random_" : "";
  ::testing::Test::RecordProperty(prefix + "bound", bound);
  ::testing::Test::RecordProperty(prefix + "executions", std::to_string(found.executions));
  ::testing::Test::RecordProperty(prefix + "seconds", std::to_string(found.seconds));
  ::testing::Test::RecordProperty(prefix + "verdict", verdict);
}

/// Builds with checks are slow; they run the first part of each search.
#ifdef NDEBUG
inline constexpr bool in_full = true;
#else
inline constexpr bool in_full = false;
#endif
inline constexpr std::uint64_t part = 10'000;

/// Everything within the bounds is tried, and nothing fails.
template <class Body>
void expect_holds(explore::options how, Body&& body) {
  if (!in_full) how.max_executions = part;
  const explore::outcome found = explore::run(how, body);
  tell(how, found);
  EXPECT_TRUE(!found.failed && (found.complete || !in_full)) << found.report();
}

/// Executions far beyond what can be tried in full, drawn by a fixed seed: nothing fails.
template <class Body>
void expect_holds_at_random(explore::options how, Body&& body) {
  how.method = explore::search::random;
  if (!in_full) how.max_executions = std::min(how.max_executions, part);
  const explore::outcome found = explore::run(how, body);
  tell(how, found);
  EXPECT_FALSE(found.failed) << found.report();
}

/// A negative control: some execution fails with this message.
template <class Body>
void expect_breaks(const explore::options& how, const std::string& symptom, Body&& body) {
  const explore::outcome found = explore::run(how, body);
  tell(how, found);
  explore::expect_fails(found, symptom);
}

}  // namespace chime::models
