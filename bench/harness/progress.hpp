// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Says on stderr what is being measured and how long it will take: one line that changes on a terminal, else lines.
#pragma once

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>

namespace chime::bench {

class progress {
 public:
  void say(const std::string& case_name, const std::string& subjects, std::chrono::duration<double> left) const {
    const auto total = static_cast<long>(std::ceil(std::max(0.0, left.count())));
    fmt::print(stderr, "{}{:>3} min {:02} s left  {:<22} {}{}", start_, total / 60, total % 60, case_name,
               subjects.substr(0, 40), end_);
    std::fflush(stderr);
  }
  void complain(const std::string& what) const { fmt::print(stderr, "{}chime-bench: {}\n", start_, what); }
  /// Leaves no half line behind.
  void end() const { fmt::print(stderr, "{}", start_); }

 private:
  const bool terminal_ = isatty(STDERR_FILENO) == 1;
  const char* start_ = terminal_ ? "\r\033[K" : "";
  const char* end_ = terminal_ ? "" : "\n";
};

}  // namespace chime::bench
