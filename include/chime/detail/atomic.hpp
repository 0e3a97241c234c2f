// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The seam through which every lock-free part takes its atomics and its shared plain fields. This is the product's
/// side: std::atomic and a bare value, at no cost. The interleaving explorer of the tests puts a file of the same name
/// before this one in the include path, so that the very same code runs under its scheduler.
#pragma once

#include <chime/config.hpp>

#include <atomic>

namespace chime::inline CHIME_ABI::sync {

template <class T>
using atomic = std::atomic<T>;

/// A field without synchronisation of its own, whose accesses must be ordered by some atomic. The explorer reports a
/// data race on it.
template <class T>
class plain {
 public:
  constexpr plain() noexcept = default;
  constexpr explicit plain(T value) noexcept : value_(value) {}
  [[nodiscard]] constexpr T get() const noexcept { return value_; }
  constexpr void set(T value) noexcept { value_ = value; }

 private:
  T value_{};
};

}  // namespace chime::inline CHIME_ABI::sync
