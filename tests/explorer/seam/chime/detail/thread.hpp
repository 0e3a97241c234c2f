// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The explorer's side of the seam: numbers the threads of the execution, which all run on one thread of the system.
#pragma once

#include "explorer/execution.hpp"

#include <cstdint>

namespace chime::sync {

/// Few, so that models need not look at many places.
inline constexpr unsigned thread_slots = 2;
inline constexpr unsigned own_slots = 1;
inline constexpr unsigned shared_slots = 1;
inline constexpr unsigned page_cells = 7;
inline constexpr unsigned stock_places = 4;
inline constexpr unsigned stock_batch = 2;
inline constexpr unsigned ring_places = 4;
inline constexpr unsigned ring_batch = 2;

inline constexpr bool time_passes = false;

[[nodiscard]] inline std::uint64_t this_thread() noexcept {
  return std::uint64_t{explore::execution::current().running()} + 1;
}
[[nodiscard]] inline bool is_this_thread(std::uint64_t number) noexcept { return number == this_thread(); }

}  // namespace chime::sync
