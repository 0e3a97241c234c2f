// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// How the ready handle of somebody else is emptied, kind by kind, without ever blocking the thread that does it. The file's
/// flags are its owner's: they are never changed, so the file may well be in blocking mode.
#pragma once

#include <cstdint>

#include "chime/proactor.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

/// Whether a handle that is ready has to be read.
[[nodiscard]] constexpr bool reads(drain policy) noexcept { return policy != drain::nothing && policy != drain::fence; }

/// Looks, before the wait begins, whether the handle is what its policy says, so that nothing is read from what is not.
/// Two system calls, three for a signalfd. 0, or -EBADF (no open descriptor), or -EINVAL (another kind of file).
[[nodiscard]] int check_kind(drain policy, int handle) noexcept;

/// Reads a handle that was found ready. `taken`: for a signalfd, on entry, the address of a signalfd_siginfo to fill, or 0;
/// on success what operation::drained() tells. One system call (pipes: one for each 4 KiB), three where the kernel cannot
/// read this kind of file without blocking. 0; -EAGAIN: nothing was there, and `taken` is as it was; else -errno.
[[nodiscard]] int read_ready(drain policy, int handle, std::uint64_t& taken) noexcept;

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
