// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The clock of every case, and what keeps a compiler from measuring nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <type_traits>

namespace chime::bench {

inline std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// The compiler must take the value as used, and all memory that others could know of as read and written.
template <class T>
inline void keep(T&& value) {
  using plain = std::remove_cvref_t<T>;
  if constexpr (std::is_trivially_copyable_v<plain> && sizeof(plain) <= sizeof(void*)) {
    asm volatile(""
                 :
                 : "r,m"(value)
                 : "memory");  // may stay in its register: no store that the subject did not ask for
  } else {
    asm volatile("" : : "r"(&value) : "memory");
  }
}

}  // namespace chime::bench
