// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// On what and of what the figures were made.
#pragma once

#include <string>
#include <vector>

namespace chime::bench {

struct machine {
  std::string processor;
  int processors;  ///< that this process may use
  double memory_gib;
  std::string kernel;
  std::string compiler;
  std::string flags;
  std::string commit;  ///< ends in "-dirty" if files had been changed
  std::string date;    ///< UTC
};

/// What cannot be found out is "unknown".
[[nodiscard]] machine this_machine();

/// The processors that this process may use, in ascending order.
[[nodiscard]] std::vector<int> usable_processors();

}  // namespace chime::bench
