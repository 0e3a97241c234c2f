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
#include <cstdlib>
#include <string>

namespace chime::models {

/// How far a run goes: CHIME_MODEL_DEPTH=n in the environment adds n preemptions to every bound, and one stale read to the
/// bound as it was; CHIME_MODEL_SECONDS ends each of these further searches. What is complete by default must be so then too.
struct depth {
  unsigned more = 0;
  double seconds = 0;

  [[nodiscard]] static depth of_this_run() {
    const auto number = [](const char* name, unsigned otherwise) {
      const char* const text = std::getenv(name);
      return text == nullptr ? otherwise : static_cast<unsigned>(std::strtoul(text, nullptr, 10));
    };
    const unsigned more = number("CHIME_MODEL_DEPTH", 0);
    return {more, static_cast<double>(number("CHIME_MODEL_SECONDS", 60))};
  }
};

/// One line for each search, for people and for "./dev model", which adds them up; and the same as properties of the test.
/// full=2: everything with up to two preemptions was tried.
inline void tell(const explore::options& how, const explore::outcome& found) {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  const bool random = how.method == explore::search::random;
  const char* const verdict = found.failed ? "fails" : random ? "drawn" : found.complete ? "complete" : "incomplete";
  const std::string full = found.full_preemptions < 0 ? "none" : std::to_string(found.full_preemptions);
  char line[400];
  std::snprintf(line, sizeof line,
                "preemptions=%u stale_reads=%u time_outs=%u executions=%llu seconds=%.2f full=%s verdict=%s",
                how.preemptions, how.stale_reads, how.time_outs, static_cast<unsigned long long>(found.executions),
                found.seconds, full.c_str(), verdict);
  std::printf("model %s.%s %s\n", test->test_suite_name(), test->name(), line);
  std::fflush(stdout);
  ::testing::Test::RecordProperty(random ? "random_search" : "search", line);
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
  const auto search = [&](const explore::options& bounds, int must_be_full) {
    const explore::outcome found = explore::run(bounds, body);
    tell(bounds, found);
    EXPECT_TRUE(!found.failed && found.full_preemptions >= must_be_full) << found.report();
    return !found.failed;
  };
  if (!in_full) {
    how.max_executions = part;
    search(how, -1);
    return;
  }
  const int by_default = static_cast<int>(how.preemptions);
  const depth further = depth::of_this_run();
  if (further.more == 0) {
    search(how, by_default);
    return;
  }
  how.max_executions = ~std::uint64_t{0};
  if (!search(how, by_default)) return;
  how.max_seconds = further.seconds;
  ++how.stale_reads;
  if (!search(how, -1)) return;
  --how.stale_reads;
  how.preemptions += further.more;
  search(how, -1);
}

/// Executions far beyond what can be tried in full, drawn by a fixed seed: nothing fails.
template <class Body>
void expect_holds_at_random(explore::options how, Body&& body) {
  how.method = explore::search::random;
  if (!in_full) how.max_executions = std::min(how.max_executions, part);
  if (const depth further = depth::of_this_run(); further.more != 0) {
    how.max_executions = ~std::uint64_t{0};
    how.max_seconds = further.seconds;
  }
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
