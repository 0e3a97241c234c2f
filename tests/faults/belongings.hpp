// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What a process has of the kernel: counted before and after, nothing may be left over.
#pragma once

#include <cstddef>

namespace faults {

struct belongings {
  std::size_t descriptors = 0;
  /// Bytes of address space, without the heap (which the C library keeps) and the main stack.
  std::size_t mapped = 0;

  [[nodiscard]] static belongings count();
};

}  // namespace faults
