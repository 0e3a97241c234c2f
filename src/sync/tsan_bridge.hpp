// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What ThreadSanitizer cannot see by itself: order that the kernel makes, when it reports that a handle has become readable,
/// between those who wrote to it and the completion. (Everything between chime's own threads goes through atomics.)
#pragma once

#if defined(__SANITIZE_THREAD__)
#define CHIME_TSAN_BRIDGE 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CHIME_TSAN_BRIDGE 1
#endif
#endif

#ifdef CHIME_TSAN_BRIDGE
#include <sys/uio.h>

#include <cerrno>

#include "chime/config.hpp"
#endif

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

/// The handle was found readable: what was written before the writes to it, in this process, happened before now. Said by
/// reading nothing from it, by a call that ThreadSanitizer intercepts; so nothing is ordered but what a read would order.
/// (Writes that landed after the kernel looked count as well: a race that needs one of these is not seen.)
/// Without ThreadSanitizer: no code.
inline void order_after_writes([[maybe_unused]] int handle) noexcept {
#ifdef CHIME_TSAN_BRIDGE
  const int kept = errno;
  (void)::readv(handle, nullptr, 0);  // a handle that cannot be read orders nothing
  errno = kept;
#endif
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
