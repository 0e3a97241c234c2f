// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The simulation's side of this seam: few of everything, so that short runs reach the ends of pages, stocks and rings.
#pragma once

#include "chime/config.hpp"

namespace chime::inline CHIME_ABI::sync {

inline constexpr unsigned thread_slots = 2;
inline constexpr unsigned own_slots = 1;
inline constexpr unsigned shared_slots = 1;
inline constexpr unsigned page_cells = 7;
inline constexpr unsigned stock_places = 4;
inline constexpr unsigned stock_batch = 2;
inline constexpr unsigned ring_places = 4;
inline constexpr unsigned ring_batch = 2;

}  // namespace chime::inline CHIME_ABI::sync
