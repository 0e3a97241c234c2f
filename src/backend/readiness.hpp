// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What the backends that are told of readiness (epoll, poll) share.
#pragma once

#include <poll.h>

#include <cstdint>
#include <ctime>

#include "backend/backend.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

/// The events of poll(2) and epoll(7) that the work waits for; the two agree on the bits.
[[nodiscard]] short events_of(const kernel_work&) noexcept;

/// What a ready handle means for its work: the result to report, or -EAGAIN if it must go on waiting (the primitive of
/// a native event was read by somebody else meanwhile). POLLNVAL is EBADF; errors and hang-ups count as ready, since
/// reading or writing tells them apart. For drain: one read(2).
[[nodiscard]] int result_of(kernel_work&, unsigned revents) noexcept;

/// Nanoseconds, not negative, as a timespec.
[[nodiscard]] timespec to_timespec(std::int64_t ns) noexcept;

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
