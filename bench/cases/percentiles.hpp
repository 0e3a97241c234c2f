// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Latencies of one sample as the figures p50, p90 and p99.
#pragma once

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness/job.hpp"

namespace chime::bench {

/// `unit_ns`: how many nanoseconds the case's unit has. Throws if there are too few to speak of a 99th percentile.
inline std::vector<figure> percentiles(const std::string& subject, std::vector<std::int64_t> latencies_ns,
                                       double unit_ns) {
  if (latencies_ns.size() < 100) throw std::runtime_error(subject + ": fewer than 100 latencies");
  std::ranges::sort(latencies_ns);
  std::vector<figure> figures;
  for (const unsigned percent : {50U, 90U, 99U}) {
    const auto latency_ns = latencies_ns[(latencies_ns.size() - 1) * percent / 100];
    figures.push_back({.subject = subject,
                       .metric = "p" + std::to_string(percent),
                       .value = static_cast<double>(latency_ns) / unit_ns});
  }
  return figures;
}

}  // namespace chime::bench
