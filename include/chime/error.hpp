// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Errors. Functions that can fail return `chime::result<T>`; the error is a `std::error_code`.
///
/// A failed system call keeps its own code (`EMFILE`, `ENOMEM`, ...) in the system category; what chime itself
/// refuses carries a `chime::fault`, whose message says what was wrong and what would be right. Programs compare either
/// with the portable conditions of `chime::errc`:
///
///     if (r.error() == chime::errc::resource_exhausted) back_off();
#pragma once

#include <chime/config.hpp>

#if __cplusplus <= 202002L
#error "chime needs C++23: compile with -std=c++23 (g++ 12 or clang 19, or later), or CMake's cxx_std_23"
#endif
#include <expected>
#include <system_error>

namespace chime {
inline namespace CHIME_ABI {

/// Portable conditions. A condition compares equal to every code that means it, chime's or the system's.
enum class errc {
  resource_exhausted = 1,  ///< no memory, no descriptors, or a limit of the pool is reached; try again later
  cancelled,               ///< the wait or operation was cancelled
  timed_out,               ///< the deadline passed first
  unsupported,             ///< this machine, kernel or mode cannot do it
  closed,                  ///< the pool or loop is closed (or was never opened)
  busy,                    ///< something is still in use
  wrong_thread,            ///< only the polling thread may do this
  invalid_argument,        ///< an argument is out of range or contradicts another
};

/// What chime itself refuses, each with one cause. `message()` of its error code names the cause and the cure.
enum class fault {
  unknown_backend = 1,     ///< no backend has that name
  unknown_backend_option,  ///< the backend has no such option
  backend_unusable,        ///< no backend (or not the one that was forced) runs on this machine
  allocator_incomplete,    ///< an allocator with one of its two functions
  capacity_below_initial,  ///< maximum_capacity < initial_capacity
  capacity_too_large,      ///< more events asked for than a pool can number
  batch_zero,              ///< proactor_options::batch is 0
  pool_exhausted,          ///< maximum_capacity events are out
  pool_closed,             ///< the pool is closed or closing
  pool_already_open,       ///< open() on an open pool
  loop_closed,             ///< the proactor is not open
  loop_already_open,       ///< open() on an open proactor
  pools_open,              ///< the proactor still has open pools
  operations_in_flight,    ///< the proactor still has operations in flight
  polling,                 ///< the call is not allowed from inside a completion
  second_polling_thread,   ///< another thread polls this proactor
  waits_exhausted,         ///< one use of an event has waited 1,048,574 times
  not_native,              ///< the pool was not opened with native = true
  native_only_in_loop,     ///< a native event cannot be waited for without a loop
  unknown_node,            ///< the machine has no such NUMA node, or this process may not use it
  numa_unavailable,        ///< the kernel has no NUMA support, or chime was built without it
  block_misfit,            ///< a block size or alignment that is no power of two, zero, or too large
  driven_by_host,          ///< poll() or run() of a proactor that is a guest
  not_a_guest,             ///< guest_poll() of a proactor that was not opened with guest = true
  handle_misfit,           ///< a handle that is not of the kind that its drain policy names
  clock_set,               ///< the clock of a timerfd was set, which its owner asked to be told
  nothing_to_wait_for,     ///< a wait for any of no events
};

/// The code of a fault, in chime's own category. Any thread; no system call. Called by std::error_code for who compares with a fault.
CHIME_API std::error_code make_error_code(fault) noexcept;
/// The condition by its number. Any thread; no system call. Called by std::error_condition for who compares with an errc.
CHIME_API std::error_condition make_error_condition(errc) noexcept;

/// The value, or why there is none.
template <class T>
using result = std::expected<T, std::error_code>;

}  // namespace CHIME_ABI
}  // namespace chime

template <>
struct std::is_error_condition_enum<chime::errc> : std::true_type {};
template <>
struct std::is_error_code_enum<chime::fault> : std::true_type {};
