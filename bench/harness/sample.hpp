// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// One sample: a job run once, in a process of its own. The child prints it as JSON, the parent reads that.
#pragma once

#include <string>
#include <vector>

#include "harness/job.hpp"
#include "harness/placement.hpp"

namespace chime::bench {

struct sample {
  std::vector<figure> figures;
  double before_ns = 0;  ///< the line's round trip just before and just after; 0: one processor only
  double after_ns = 0;

  [[nodiscard]] placement before() const;
  [[nodiscard]] placement after() const;
};

/// Runs the job here and now, between two calibrations if it needs two processors.
[[nodiscard]] sample take_sample(const job&, const sampling&);

[[nodiscard]] std::string to_json(const sample&);
/// Throws std::runtime_error if this is none.
[[nodiscard]] sample sample_from_json(const std::string&);

}  // namespace chime::bench
