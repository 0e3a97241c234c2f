// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The explorer's side of the seam: numbers the threads of the execution, which all run on one thread of the system.
#pragma once

#include "chime/config.hpp"
#include "explorer/execution.hpp"

#include <cstdint>

namespace chime::inline CHIME_ABI::sync {

inline constexpr bool time_passes = false;

[[nodiscard]] inline std::uint64_t this_thread() noexcept {
  return std::uint64_t{explore::execution::current().running()} + 1;
}
[[nodiscard]] inline bool is_this_thread(std::uint64_t number) noexcept { return number == this_thread(); }

}  // namespace chime::inline CHIME_ABI::sync
