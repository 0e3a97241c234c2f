// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Runs a program and tells how it ended and what it said.
#pragma once

#include <string>
#include <vector>

namespace tools_test {

struct outcome {
  int exit_code = -1;  ///< 128 + the signal, if one ended it
  std::string out;
  std::string err;
};

/// Words are taken as they are; the first is the program, looked up in PATH if it has no slash. Its environment is ours
/// without CHIME_BACKEND, and with what `environment` adds ("NAME=VALUE"). It runs without root's right to read what is
/// forbidden. Stops the test program if it cannot be run.
[[nodiscard]] outcome run(const std::vector<std::string>& words, const std::vector<std::string>& environment = {});

[[nodiscard]] inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace tools_test
