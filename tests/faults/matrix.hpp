// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The list of system calls and errors (matrix.txt) as data.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace faults {

/// Each field as matrix.txt has it; lists are split at commas (errors at blanks).
struct row {
  std::vector<std::string> errors;
  std::string kind;  ///< retried, reported or impossible
  std::vector<std::string> backends;
  std::vector<std::string> sites;
  std::string which;
  std::string injected_by;
  std::string reported_as;
  std::string why;
  int line = 0;

  [[nodiscard]] bool holds_on(std::string_view backend) const;
  [[nodiscard]] bool holds_in(std::string_view site) const;
  /// How often in a row strace injects it at most; 0: it does not.
  [[nodiscard]] unsigned times() const;
};

struct call {
  std::string name;
  std::string manual;
  std::vector<row> rows;
};

/// Throws std::runtime_error, which names the line, if the list is not well-formed.
[[nodiscard]] std::vector<call> read_matrix(const std::string& path);

}  // namespace faults
