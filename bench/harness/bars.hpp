// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Where chime must stand: a table of bars, and whether what was measured meets them.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "harness/results.hpp"

namespace chime::bench {

/// What is held against a bar's limit.
enum class measure {
  times_better,  ///< by how many times the subject beats the best comparison: at least the limit
  times_cost,    ///< the subject's cost divided by the best comparison's: at most the limit
  no_worse,      ///< the same, and only noise may lie above the limit: the lower quartile of the rounds counts
  at_most,       ///< the subject's figure itself
  at_least,      ///< likewise
  about,         ///< the subject's figure is the limit, but for `slack`
};

struct bar {
  std::string case_name;  ///< with its metric, as in rows
  std::string subject;    ///< whose bar it is
  measure how;
  std::array<double, 4> limits;          ///< by placement
  std::vector<std::string> comparisons;  ///< of these the best one counts; empty: the figure stands alone
  std::string comparison_case = {};      ///< if the comparison is with another metric; empty: the same case
  double slack = 0;
};

struct verdict {
  const bar* about;
  std::optional<placement> place;  ///< nothing: not measured
  std::optional<double> value;     ///< what was held against the limit
  std::string compared_with;       ///< the best comparison; empty: none
  std::size_t rounds = 0;          ///< behind the value
  bool met = false;
};

/// The words for people: "at least 7 times seed".
[[nodiscard]] std::string text_of(const bar&);
/// The limit where this was measured.
[[nodiscard]] double limit_of(const bar&, placement);

/// A verdict for each placement in which the bar's figures exist; if there is none, one that says "not measured".
[[nodiscard]] std::vector<verdict> judge(const bar&, const results&);

/// All of them.
[[nodiscard]] const std::vector<bar>& bar_table();

}  // namespace chime::bench
