// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What Linux has and some C library has no function for: musl 1.2.3 lacks all of this. glibc's are used where they are.
#pragma once

#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "chime/config.hpp"

#if !defined(__GLIBC__)
#include <linux/fs.h>
#include <sys/syscall.h>
#include <unistd.h>
#if !defined(MADV_POPULATE_WRITE)
#define MADV_POPULATE_WRITE 23
#endif
#endif

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

#if defined(__GLIBC__)

[[nodiscard]] inline ssize_t read_nowait(int handle, const iovec& part) noexcept {
  return ::preadv2(handle, &part, 1, -1, RWF_NOWAIT);
}
[[nodiscard]] inline int epoll_wait_precisely(int epoll, epoll_event* ready, int most,
                                              const timespec& timeout) noexcept {
  return ::epoll_pwait2(epoll, ready, most, &timeout, nullptr);
}
/// "EIO"; null: an unknown error.
[[nodiscard]] inline const char* error_name(int error) noexcept { return ::strerrorname_np(error); }
/// Not translated, and safe in any thread.
[[nodiscard]] inline const char* error_text(int error) noexcept { return ::strerrordesc_np(error); }

#else

[[nodiscard]] inline ssize_t read_nowait(int handle, const iovec& part) noexcept {
  return ::syscall(SYS_preadv2, handle, &part, 1L, -1L, -1L, RWF_NOWAIT);
}
[[nodiscard]] inline int epoll_wait_precisely(int epoll, epoll_event* ready, int most,
                                              const timespec& timeout) noexcept {
  // Where time_t has 64 bits, which musl's always has, timespec is the kernel's on every processor of 64 bits.
  static_assert(sizeof(long) == 8);
  return static_cast<int>(::syscall(SYS_epoll_pwait2, epoll, ready, most, &timeout, nullptr, 0L));
}
/// musl knows no names: those that making a loop can meet.
[[nodiscard]] inline const char* error_name(int error) noexcept {
  struct named {
    int error;
    const char* name;
  };
  static constexpr named names[] = {
      {EACCES, "EACCES"}, {EAGAIN, "EAGAIN"}, {EBADF, "EBADF"},   {EFAULT, "EFAULT"},
      {EINVAL, "EINVAL"}, {EMFILE, "EMFILE"}, {ENFILE, "ENFILE"}, {ENOMEM, "ENOMEM"},
      {ENOSYS, "ENOSYS"}, {EPERM, "EPERM"},   {ETIME, "ETIME"},
  };
  for (const named& known : names) {
    if (known.error == error) return known.name;
  }
  return "error";
}
/// In musl a constant string.
[[nodiscard]] inline const char* error_text(int error) noexcept { return ::strerror(error); }

#endif

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
