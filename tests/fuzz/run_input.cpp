// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// One input from beginning to end, with what the process itself may lose over it.
#include <cstddef>
#include <cstdint>
#include <memory>

#include "session.hpp"
#include "trace.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size);
int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const int before = fuzz::open_descriptors();
  std::make_unique<fuzz::session>(fuzz::input(bytes, size))->run();
  const int after = fuzz::open_descriptors();
  if (after != before) fuzz::trace::fail("%d descriptors were open before this input, and %d after it", before, after);
  return 0;
}
