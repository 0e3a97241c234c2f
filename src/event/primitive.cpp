// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "event/primitive.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "sync/misuse.hpp"
#include "sync/tsan_bridge.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace {

// All system calls of this file are raw (but for ThreadSanitizer): read and close are cancellation points otherwise, and a
// thread that is cancelled inside acquire would take the event with it.

#ifdef CHIME_TSAN_BRIDGE
// ThreadSanitizer follows a descriptor by the functions of the C library, and has to see both ends of its life.
[[nodiscard]] int new_eventfd() noexcept { return ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
[[nodiscard]] int new_pipe(int (&ends)[2]) noexcept { return ::pipe2(ends, O_NONBLOCK | O_CLOEXEC); }
void close_handle(int handle) noexcept { (void)::close(handle); }
#else
[[nodiscard]] int new_eventfd() noexcept {
  return static_cast<int>(::syscall(SYS_eventfd2, 0, EFD_NONBLOCK | EFD_CLOEXEC));
}
[[nodiscard]] int new_pipe(int (&ends)[2]) noexcept {
  return static_cast<int>(::syscall(SYS_pipe2, ends, O_NONBLOCK | O_CLOEXEC));
}
void close_handle(int handle) noexcept { (void)::syscall(SYS_close, handle); }
#endif

[[nodiscard]] int make_eventfd(primitive_handles& made) noexcept {
  const int fd = new_eventfd();
  if (fd < 0) return errno;
  made = {fd, fd};
  return 0;
}

[[nodiscard]] int make_pipe(primitive_handles& made) noexcept {
  int ends[2];
  if (new_pipe(ends) != 0) return errno;
  made = {ends[0], ends[1]};
  return 0;
}

}  // namespace

int make_primitive(primitive kind, primitive_handles& made) noexcept {
  if (kind == primitive::pipe) return make_pipe(made);
  const int failed = make_eventfd(made);
  const bool missing = failed == ENOSYS || failed == ENODEV;
  return missing && kind == primitive::automatic ? make_pipe(made) : failed;
}

void close_primitive(primitive_handles& handles) noexcept {
  if (!handles.exists()) return;
  // close(2) on Linux frees the descriptor whatever it returns; eventfds and pipes have nothing to flush. EBADF would
  // mean that somebody closed a descriptor that is not his: nothing of ours is lost by it any more.
  if (handles.is_pipe()) close_handle(handles.write);
  close_handle(handles.read);
  handles = {};
}

bool write_primitive(const primitive_handles& handles) noexcept {
  const int kept = errno;
  const std::uint64_t one = 1;
  const std::size_t size = handles.is_pipe() ? 1 : sizeof one;
  const auto written = ::syscall(SYS_write, handles.write, &one, size);
  const int failed = written < 0 ? errno : 0;
  errno = kept;
  if (failed != 0 && failed != EAGAIN)
    misuse("signalling a native event failed: its descriptor was closed by somebody else");
  return failed == 0;
}

std::uint64_t read_empty(const primitive_handles& handles) noexcept {
  std::uint64_t taken = 0;
  for (;;) {
    std::uint64_t buffer[8] = {};
    const auto got = ::syscall(SYS_read, handles.read, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno != EAGAIN) misuse("reading a native event failed: its descriptor was closed by somebody else");
    if (got <= 0) return taken;  // 0: a pipe whose last writer was foreign and is gone
    taken += handles.is_pipe() ? static_cast<std::uint64_t>(got) : buffer[0];
    // An eventfd gives its whole counter at once; a pipe that gave less than was asked for is empty.
    if (!handles.is_pipe() || static_cast<std::size_t>(got) < sizeof buffer) return taken;
  }
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
