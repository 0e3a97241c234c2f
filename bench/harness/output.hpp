// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The files that a run leaves. Whether they can be written shows before anything is measured.
#pragma once

#include <string>

namespace chime::bench {

class outputs {
 public:
  /// Empty: no such file. Throws std::runtime_error if one cannot be written or a page cannot be made here.
  outputs(std::string json_file, std::string html_file);
  /// Throws std::runtime_error if something goes wrong.
  void write(const std::string& json) const;

 private:
  std::string json_file_;
  std::string html_file_;
};

}  // namespace chime::bench
