// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Runs a program to its end and keeps what it printed.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace chime::bench {

struct child_outcome {
  std::string printed;  ///< stdout
  std::string errors;   ///< stderr
  std::string failure;  ///< how it ended, if not by exiting with 0; else empty
};

/// Kills it when its time is over. Throws std::system_error if it cannot be started or watched.
[[nodiscard]] child_outcome run_child(const std::string& path, const std::vector<std::string>& arguments,
                                      std::chrono::seconds time_limit);

}  // namespace chime::bench
