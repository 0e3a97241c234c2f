// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Everything that a run found, as JSON: machine, rows, ratios, bars, failures, and the samples behind them.
#pragma once

#include <string>
#include <vector>

#include "harness/bars.hpp"
#include "harness/machine.hpp"
#include "harness/schedule.hpp"

namespace chime::bench {

[[nodiscard]] std::string to_json(const suite_outcome&, const std::vector<verdict>&, const machine&, bool quick);

}  // namespace chime::bench
