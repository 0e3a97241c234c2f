// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "chime/config.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

/// Whether an io_uring READ of a non-blocking eventfd waits until there is something to read, as it does on most
/// kernels, or fails (5.x; one line of 6.15), so that a poll must come first. Tried once in a process, on a ring of its
/// own. False too where it could not be tried.
[[nodiscard]] bool plain_read_waits() noexcept;

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
