// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Between the system's errno values and error codes.
#pragma once

#include "chime/error.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

/// The code of a failed system call, kept as it is.
[[nodiscard]] std::error_code system_error(int errno_value) noexcept;

/// What the C interface returns (negated). The system's codes keep their value, each of chime's faults has one errno,
/// and no error is 0. A code of a category that is neither chime's nor the system's nor maps to the latter is EIO.
[[nodiscard]] int to_errno(std::error_code code) noexcept;

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
