// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The bar that shows how far it is, on stderr, if that is a terminal.
#pragma once

#include <chrono>
#include <cstddef>

namespace checksum {

class progress {
 public:
  explicit progress(std::size_t total);
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;
  /// Wipes the bar.
  ~progress();

  /// Draws, but not so often that drawing would cost time.
  void show(std::size_t done);

 private:
  using clock = std::chrono::steady_clock;
  std::size_t total_;
  bool terminal_;
  clock::time_point next_;
};

}  // namespace checksum
