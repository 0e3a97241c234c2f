// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Stands for numa.cpp where the library is built without libnuma: as on a kernel without NUMA, there is node 0, unbound.
#include "memory/mapping.hpp"

namespace chime {
inline namespace CHIME_ABI {

result<allocator> numa_allocator(unsigned node) noexcept {
  if (node != 0) return std::unexpected(make_error_code(fault::numa_unavailable));
  return detail::mapped_memory();
}

}  // namespace CHIME_ABI
}  // namespace chime
