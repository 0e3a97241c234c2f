// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backend/drain.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string_view>

#include "sync/linux.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace {

/// What one completion takes out of a pipe at most: what a pipe holds unless it was resized, so that a writer that never
/// ends does not keep the polling thread.
constexpr std::size_t pipe_bound = 65536;

/// A read that does not block whatever the file's mode; as read(2), with -errno.
[[nodiscard]] ssize_t read_now(int handle, void* to, std::size_t size) noexcept {
  const iovec part{to, size};
  ssize_t got = read_nowait(handle, part);
  if (got >= 0) return got;
  // This kind of file, on this kernel: a FIFO that was opened by name; before 6.10 timerfds and signalfds, before 6.4 pipes.
  // ENOSYS, EPERM: a sandbox.
  if (errno != EOPNOTSUPP && errno != ENOSYS && errno != EPERM) return -errno;
  // What another reader takes between these two calls makes the second one block, if the file is in blocking mode.
  pollfd look{handle, POLLIN, 0};
  const int ready = ::poll(&look, 1, 0);
  if (ready < 0) return errno == EINVAL ? -EMFILE : -errno;  // EINVAL: the process may have no descriptor at all
  if (ready == 0) return -EAGAIN;
  got = ::read(handle, to, size);
  return got < 0 ? -errno : got;
}

/// -EINTR is no reason to fail: the wait goes on, and the handle is still ready.
[[nodiscard]] int failure(ssize_t got) noexcept { return got == -EINTR ? -EAGAIN : static_cast<int>(got); }

/// The eight bytes of eventfds and timerfds.
[[nodiscard]] int read_count(int handle, std::uint64_t& taken) noexcept {
  std::uint64_t count = 0;
  const ssize_t got = read_now(handle, &count, sizeof count);
  if (got < 0) return failure(got);
  taken = count;
  return got == sizeof count ? 0 : -EINVAL;
}

[[nodiscard]] int read_signal(int handle, std::uint64_t& taken) noexcept {
  signalfd_siginfo own;
  auto* const into = taken == 0 ? &own : reinterpret_cast<signalfd_siginfo*>(taken);
  const ssize_t got = read_now(handle, into, sizeof *into);
  if (got < 0) return failure(got);
  taken = into->ssi_signo;
  return got == sizeof *into ? 0 : -EINVAL;
}

[[nodiscard]] int read_pipe(int handle, std::uint64_t& taken) noexcept {
  char discarded[4096];
  std::uint64_t total = 0;
  ssize_t got = 0;
  do {
    got = read_now(handle, discarded, sizeof discarded);
    if (got > 0) total += static_cast<std::uint64_t>(got);
  } while (got == sizeof discarded && total < pipe_bound);
  // An end or a failure after something was read is told by the next wait.
  if (total == 0) return got == 0 ? -EPIPE : failure(got);
  taken = total;
  return 0;
}

/// eventfds, timerfds and signalfds are files without a type, open for both reading and writing. (Event queues of inotify, or of
/// RDMA verbs, whose events a read would take, are open for reading only.)
[[nodiscard]] bool is_anonymous(const struct stat& file, int mode) noexcept {
  return (file.st_mode & S_IFMT) == 0 && mode == O_RDWR;
}

/// A signalfd is read in larger pieces than the others, so that no wrong file refuses the read: its name is looked at. True if
/// nothing can be learnt: there is no /proc.
[[nodiscard]] bool may_be_signalfd(int handle) noexcept {
  char path[32];
  char name[64];
  std::snprintf(path, sizeof path, "/proc/self/fd/%d", handle);
  const ssize_t length = ::readlink(path, name, sizeof name);
  return length < 0 || std::string_view(name, static_cast<std::size_t>(length)) == "anon_inode:[signalfd]";
}

}  // namespace

int check_kind(drain policy, int handle) noexcept {
  if (!reads(policy)) return 0;
  const int flags = ::fcntl(handle, F_GETFL);
  struct stat file = {};
  if (flags < 0 || ::fstat(handle, &file) != 0) return -errno;
  const int mode = flags & O_ACCMODE;
  if (policy == drain::pipe) return S_ISFIFO(file.st_mode) && mode != O_WRONLY ? 0 : -EINVAL;
  if (!is_anonymous(file, mode)) return -EINVAL;
  return policy != drain::signalfd || may_be_signalfd(handle) ? 0 : -EINVAL;
}

int read_ready(drain policy, int handle, std::uint64_t& taken) noexcept {
  switch (policy) {
    case drain::eventfd:
    case drain::eventfd_semaphore:
    case drain::timerfd:
      return read_count(handle, taken);
    case drain::pipe:
      return read_pipe(handle, taken);
    case drain::signalfd:
      return read_signal(handle, taken);
    case drain::nothing:
    case drain::fence:
      break;
  }
  return 0;
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
