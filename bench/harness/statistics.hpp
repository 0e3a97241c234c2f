// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What is said of many figures: the median, and the quartiles around it.
#pragma once

#include <cstddef>
#include <vector>

namespace chime::bench {

/// The value below which this part (0 to 1) of the figures lies, between neighbours by their distance. The figures are
/// sorted and not empty.
[[nodiscard]] double quantile(const std::vector<double>& sorted, double part);

struct summary {
  double median;
  double low;   ///< a quarter of the figures lies below
  double high;  ///< a quarter lies above
  std::size_t count;
};

/// Not of nothing: throws std::invalid_argument.
[[nodiscard]] summary summarise(std::vector<double> figures);

}  // namespace chime::bench
