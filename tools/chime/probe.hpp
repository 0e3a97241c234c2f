// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What `chime probe` finds out.
#pragma once

#include <chime/proactor.hpp>
#include <string>
#include <vector>

#include "machine.hpp"

namespace chime::tool {

struct backend_found {
  std::string name;
  bool usable = false;
  std::string detail;  ///< its features, or why it cannot run
};

struct probe_result {
  machine here;
  std::vector<backend_found> backends;  ///< in the order in which a loop tries them
  std::string chosen;                   ///< what a loop gets that asks for nothing; empty if it gets none
  std::string reason;                   ///< why that one, or why none
};

[[nodiscard]] probe_result probe();

/// "0.1.0"
[[nodiscard]] std::string version();

}  // namespace chime::tool
