// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Counts what the calling thread takes from the heap by operator new, in any form.
#pragma once

#include <cstddef>

namespace chime_test {

class heap_watch {
 public:
  heap_watch() noexcept : before_(taken()) {}
  /// Allocations of this thread since construction.
  [[nodiscard]] std::size_t allocations() const noexcept { return taken() - before_; }

 private:
  [[nodiscard]] static std::size_t taken() noexcept;
  std::size_t before_;
};

}  // namespace chime_test
