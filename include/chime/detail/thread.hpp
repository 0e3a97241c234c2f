// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Names threads, at the price of one load. Unlike a thread id or the address of a thread's storage, a number is never
/// used again, so what a thread left behind is not taken for that of a later one. Part of the seam: the explorer numbers
/// its own threads. Not an interface.
#pragma once

#include <chime/config.hpp>

#include <cstdint>

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

/// 0: this thread has no number yet. Initial-exec, since a call for each access would cost more than what it decides; it
/// takes eight bytes of what the C library keeps for such variables of shared libraries.
[[gnu::tls_model("initial-exec")]] extern CHIME_API thread_local constinit std::uint64_t thread_number;
[[nodiscard]] CHIME_API std::uint64_t number_this_thread() noexcept;

}  // namespace detail

namespace sync {

/// Whether time passes while a thread spins: not under the explorer.
inline constexpr bool time_passes = true;

/// The calling thread's number, 1 and up. Any thread, signal handlers.
[[nodiscard]] inline std::uint64_t this_thread() noexcept {
  const std::uint64_t mine = detail::thread_number;
  return mine != 0 ? mine : detail::number_this_thread();
}
/// Whether `number`, which is not 0, is the calling thread's.
[[nodiscard]] inline bool is_this_thread(std::uint64_t number) noexcept { return number == detail::thread_number; }

}  // namespace sync
}  // namespace CHIME_ABI
}  // namespace chime
