// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The explorer's side of the seam: few of everything, so that models need not look at many places, and fill what is there.
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
