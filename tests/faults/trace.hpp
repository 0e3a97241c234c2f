// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Runs the driver, under strace if wanted, and tells which system calls its main thread made, where in the scenario,
/// and into which of them an error was injected.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace faults {

/// A call of the thread that runs the scenario, between its begin and its end.
struct traced_call {
  std::string name;
  std::string site;
  std::string text;      ///< as strace printed it, from its name on
  unsigned number = 0;   ///< of the calls of this name by this thread, from its start: what strace's `when` counts
  unsigned in_site = 0;  ///< of the calls of this name in this site
  bool injected = false;
};

struct driven {
  int exit_code = -1;
  nlohmann::json said;  ///< null if the driver said nothing
  std::string errors;
  std::vector<traced_call> calls;      ///< of the main thread
  std::vector<std::string> elsewhere;  ///< names of calls of other threads meanwhile
};

/// Why strace cannot be used here; empty if it can.
[[nodiscard]] std::string why_no_strace();

/// Why the driver cannot run on this backend here; empty if it can. What "auto" is expected to do is told of io_uring.
[[nodiscard]] std::string why_not_on(const std::string& backend);

/// Without strace.
[[nodiscard]] driven drive(const std::vector<std::string>& arguments);
/// Traces `calls` ("all" for every one). `inject`: what follows the name in strace's -e inject=, or empty.
[[nodiscard]] driven drive_traced(const std::vector<std::string>& arguments, const std::string& calls,
                                  const std::string& inject = {});

/// The driver's arguments for a backend; "auto" names none.
[[nodiscard]] std::vector<std::string> on_backend(const std::string& backend);

}  // namespace faults
