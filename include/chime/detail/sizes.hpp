// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// How large the parts of a pool are. Part of the seam: under the explorer they are small, so that models reach the ends of
/// all of them. Not an interface.
#pragma once

#include <chime/config.hpp>

namespace chime::inline CHIME_ABI::sync {

/// Over how many places the lock-free parts spread the threads that use them at once.
inline constexpr unsigned thread_slots = 8;
/// How many events each of these places keeps: for the thread that owns it, and for all that share it.
inline constexpr unsigned own_slots = 2;
inline constexpr unsigned shared_slots = 2;

/// Events in a page.
inline constexpr unsigned page_cells = 63;

/// A cache's stock and ring, and how many events at once it gets from, or gives to, the shared side and takes from the
/// ring (two of its lines).
inline constexpr unsigned stock_places = 64;
inline constexpr unsigned stock_batch = 32;
inline constexpr unsigned ring_places = 256;
inline constexpr unsigned ring_batch = 16;

}  // namespace chime::inline CHIME_ABI::sync
