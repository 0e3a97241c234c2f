// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What a run found, for people, as text.
#pragma once

#include <string>
#include <vector>

#include "harness/bars.hpp"
#include "harness/machine.hpp"
#include "harness/schedule.hpp"

namespace chime::bench {

[[nodiscard]] std::string to_text(const suite_outcome&, const std::vector<verdict>&, const machine&);

}  // namespace chime::bench
