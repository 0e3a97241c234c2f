// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The loud stop for misuse that no return value can report.
#pragma once

#include <cstddef>

#include "chime/config.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

/// Writes "chime: <what>" (with `count` in front of what if it is not -1) as one line to stderr and aborts. Any thread,
/// any context, signal handlers included.
[[noreturn]] void misuse(const char* what, std::ptrdiff_t count = -1) noexcept;

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
