// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What was measured, in order: series of figures, and the rows and ratios made from them. Figures of different
/// placements never meet in a row or in a ratio.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/job.hpp"
#include "harness/placement.hpp"
#include "harness/sample.hpp"
#include "harness/statistics.hpp"

namespace chime::bench {

/// Whose figures: a row's name.
struct series_key {
  std::string case_name;  ///< with its metric: "signal/latency-busy:p50"
  std::string subject;
  placement place;
  friend auto operator<=>(const series_key&, const series_key&) = default;
};

struct point {
  int round;
  double value;
  double round_trip_ns;  ///< of the line, when it was taken; 0: one processor
};

struct series {
  std::string unit;
  std::vector<point> points;
};

/// Subject's figures divided by rival's.
struct ratio {
  summary quotient;
  bool
      paired;  ///< round by round; else there were too few rounds with both, and it is the medians' with their quartiles
};

class results {
 public:
  void add(const job&, int round, const sample&);

  [[nodiscard]] const std::map<series_key, series>& all() const { return all_; }
  /// Null if nothing was measured.
  [[nodiscard]] const series* find(const series_key&) const;
  [[nodiscard]] std::optional<summary> row(const series_key&) const;
  /// Nothing if one of them was not measured, or if the rival's is 0.
  [[nodiscard]] std::optional<ratio> compare(const series_key& subject, const series_key& rival) const;

 private:
  std::map<series_key, series> all_;
};

/// Whether more of this unit is better: rates. Of all others, less is.
[[nodiscard]] bool more_is_better(const std::string& unit);
/// Whether this is chime as a user may have it; its experiments ("chime-bare") are rivals.
[[nodiscard]] bool is_chime(const std::string& subject);

/// A ratio that is worth a line: a form of chime against somebody else.
struct rivalry {
  series_key subject;
  std::string rival;
  std::string unit;
  ratio found;
};
[[nodiscard]] std::vector<rivalry> rivalries(const results&);

}  // namespace chime::bench
