// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Between the C interface's types and the library's. Nothing here has a state of its own.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "chime/chime.h"
#include "error/system.hpp"
#include "event/cell.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace c_api {

// --- Results and time

/// Keeps the error for chime_last_error() on this thread.
void remember(std::error_code error) noexcept;

[[nodiscard]] inline int status_of(std::error_code error) noexcept {
  if (error) remember(error);
  return -detail::to_errno(error);
}
template <class T>
[[nodiscard]] int status_of(const result<T>& r) noexcept {
  return r ? 0 : status_of(r.error());
}

/// now + timeout; never if it is negative, or beyond all time.
[[nodiscard]] inline time_point deadline_after(std::int64_t timeout_ns) noexcept {
  if (timeout_ns < 0) return never;
  const time_point now = clock::now();
  const std::chrono::nanoseconds timeout{timeout_ns};
  return timeout > never - now ? never : now + timeout;
}

/// -1: never; 0: it has come.
[[nodiscard]] inline std::int64_t nanoseconds_until(time_point when) noexcept {
  if (when == never) return -1;
  if (when == time_point::min()) return 0;
  return std::max<std::int64_t>(std::chrono::nanoseconds(when - clock::now()).count(), 0);
}

// --- Events

[[nodiscard]] inline chime_event* to_c(detail::cell& c) noexcept { return reinterpret_cast<chime_event*>(&c); }
/// Of an event that is not null.
[[nodiscard]] inline detail::cell& to_cell(chime_event* event) noexcept {
  return *reinterpret_cast<detail::cell*>(event);
}
/// For what changes an event's state without changing what it means to its holder.
[[nodiscard]] inline detail::cell& to_cell(const chime_event* event) noexcept {
  return to_cell(const_cast<chime_event*>(event));
}

/// The C++ handle of a held event, for one call: it does not release the event.
class borrowed {
 public:
  explicit borrowed(detail::cell& c) noexcept : handle_(detail::cell::hand_out(c)) {}
  borrowed(const borrowed&) = delete;
  borrowed& operator=(const borrowed&) = delete;
  ~borrowed() { (void)detail::cell::take_from(handle_); }
  [[nodiscard]] event* operator->() noexcept { return &handle_; }

 private:
  event handle_;
};

// --- Memory

/// C's function types cannot say noexcept; the header asks for it in words.
[[nodiscard]] inline allocator to_cpp(const chime_allocator& given) noexcept {
  return {.allocate = reinterpret_cast<decltype(allocator::allocate)>(given.allocate),
          .deallocate = reinterpret_cast<decltype(allocator::deallocate)>(given.deallocate),
          .context = given.context};
}

/// Storage that C allocates itself, so that nothing else guarantees its alignment.
template <class T>
[[nodiscard]] bool is_aligned(const T* storage) noexcept {
  return reinterpret_cast<std::uintptr_t>(storage) % alignof(T) == 0;
}

// --- Structs that begin with their size

/// Reads options of a program that may have been compiled with an older or newer header. `known` has the defaults of
/// what an older one lacks. 0, -EINVAL (smaller than version 0.1's), or -E2BIG (asks for something unknown).
template <class T>
[[nodiscard]] int read_sized(const T& given, std::size_t smallest, T& known) noexcept {
  static_assert(std::is_trivially_copyable_v<T>);
  const auto* bytes = reinterpret_cast<const unsigned char*>(&given);
  if (given.size < smallest) return -EINVAL;
  if (given.size > sizeof(T) &&
      std::any_of(bytes + sizeof(T), bytes + given.size, [](unsigned char b) { return b != 0; })) {
    return -E2BIG;
  }
  std::memcpy(&known, bytes, std::min(given.size, sizeof(T)));
  return 0;
}

/// Writes as much as the caller has room for, and zeroes what this library does not know; `size` stays the caller's.
/// 0, or -EINVAL (smaller than version 0.1's).
template <class T>
[[nodiscard]] int write_sized(T known, std::size_t smallest, T& out) noexcept {
  static_assert(std::is_trivially_copyable_v<T>);
  if (out.size < smallest) return -EINVAL;
  known.size = out.size;
  auto* bytes = reinterpret_cast<unsigned char*>(&out);
  const std::size_t both = std::min(known.size, sizeof(T));
  std::memset(bytes + both, 0, known.size - both);
  std::memcpy(bytes, &known, both);
  return 0;
}

}  // namespace c_api
}  // namespace CHIME_ABI
}  // namespace chime
