// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "harness/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace chime::bench {

double quantile(const std::vector<double>& sorted, double part) {
  if (sorted.empty()) throw std::invalid_argument("no figures, so no quantile");
  const double at = part * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], at - static_cast<double>(below));
}

summary summarise(std::vector<double> figures) {
  std::ranges::sort(figures);
  return {.median = quantile(figures, 0.5),
          .low = quantile(figures, 0.25),
          .high = quantile(figures, 0.75),
          .count = figures.size()};
}

}  // namespace chime::bench
