// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What the product calls of the C library and the standard library, led to the simulated kernel by the linker (--wrap), and
/// the loud stop, which becomes a failure of the simulation. Calls that do not concern a simulation go on as they were.
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "simulation.hpp"
#include "sync/misuse.hpp"

namespace chime::simulation {
namespace {

/// -errno as the C library tells it.
[[nodiscard]] long told(long result) {
  if (result >= 0) return result;
  errno = static_cast<int>(-result);
  return -1;
}

[[nodiscard]] kernel& os() { return simulation::current().os; }

/// Whether the simulated kernel serves this call.
[[nodiscard]] bool is_ours(long number, long first) {
  if (!simulation::under_way()) return false;
  if (number == SYS_read || number == SYS_write || number == SYS_close)
    return kernel::is_simulated(static_cast<int>(first));
  return number == SYS_futex || number == SYS_eventfd2 || number == SYS_pipe2;
}

[[nodiscard]] long serve(long number, long a, long b, long c, long d) {
  const auto handle = static_cast<int>(a);
  switch (number) {
    case SYS_read:
      return os().read(handle, reinterpret_cast<void*>(b), static_cast<std::size_t>(c));
    case SYS_write:
      return os().write(handle, reinterpret_cast<const void*>(b), static_cast<std::size_t>(c));
    case SYS_close:
      return os().close(handle);
    case SYS_eventfd2:
      return os().make_eventfd();
    case SYS_pipe2:
      return os().make_pipe(*reinterpret_cast<int(*)[2]>(a));
    default:
      return os().futex(reinterpret_cast<const std::uint32_t*>(a), static_cast<int>(b), static_cast<std::uint32_t>(c),
                        reinterpret_cast<const timespec*>(d));
  }
}

/// Null: for ever.
[[nodiscard]] std::int64_t nanoseconds_of(const timespec* timeout) {
  return timeout == nullptr ? -1 : std::int64_t{timeout->tv_sec} * 1'000'000'000 + timeout->tv_nsec;
}

}  // namespace
}  // namespace chime::simulation

using chime::simulation::kernel;
using chime::simulation::nanoseconds_of;
using chime::simulation::os;
using chime::simulation::simulation;
using chime::simulation::told;

extern "C" {
long __real_syscall(long number, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f);
int __real_eventfd(unsigned initial, int flags);
int __wrap_eventfd(unsigned initial, int flags);
int __real_close(int number);
int __wrap_close(int number);
ssize_t __real_read(int number, void* to, std::size_t size);
ssize_t __wrap_read(int number, void* to, std::size_t size);
int __real_fcntl(int number, int what, long argument);
int __wrap_fcntl(int number, int what, long argument);
int __real_fstat(int number, struct stat* into);
int __wrap_fstat(int number, struct stat* into);
ssize_t __real_preadv2(int number, const iovec* parts, int count, off_t offset, int flags);
ssize_t __wrap_preadv2(int number, const iovec* parts, int count, off_t offset, int flags);
int __real_poll(pollfd* entries, nfds_t count, int timeout_ms);
int __wrap_poll(pollfd* entries, nfds_t count, int timeout_ms);
int __wrap_epoll_create1(int flags);
int __wrap_epoll_ctl(int epoll, int what, int number, epoll_event* wanted);
int __wrap_epoll_wait(int epoll, epoll_event* ready, int most, int timeout_ms);
int __wrap_epoll_pwait2(int epoll, epoll_event* ready, int most, const timespec* timeout, const sigset_t* mask);
int __wrap_ppoll(pollfd* entries, nfds_t count, const timespec* timeout, const sigset_t* mask);
int __real_sched_yield();
int __wrap_sched_yield();
std::int64_t __real__ZNSt6chrono3_V212steady_clock3nowEv();
std::int64_t __wrap__ZNSt6chrono3_V212steady_clock3nowEv();

long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f) {
  if (!chime::simulation::is_ours(number, a)) return __real_syscall(number, a, b, c, d, e, f);
  return told(chime::simulation::serve(number, a, b, c, d));
}

int __wrap_eventfd(unsigned initial, int flags) {
  if (!simulation::under_way()) return __real_eventfd(initial, flags);
  const int made = os().make_eventfd();
  os().bell = os().file_of(made);  // primitives are made by the raw system call
  return static_cast<int>(told(made));
}

ssize_t __wrap_read(int number, void* to, std::size_t size) {
  if (!simulation::under_way() || !kernel::is_simulated(number)) return __real_read(number, to, size);
  return told(os().read(number, to, size));
}

/// The product duplicates, and asks how what it drains was opened.
int __wrap_fcntl(int number, int what, long argument) {
  if (!simulation::under_way()) return __real_fcntl(number, what, argument);
  if (what == F_DUPFD_CLOEXEC) return static_cast<int>(told(os().duplicate(number)));
  if (!kernel::is_simulated(number)) return __real_fcntl(number, what, argument);
  return static_cast<int>(told(os().file_of(number) < 0 ? -EBADF : O_RDWR));
}

/// All that is drained are eventfds, which have no type.
int __wrap_fstat(int number, struct stat* into) {
  if (!simulation::under_way() || !kernel::is_simulated(number)) return __real_fstat(number, into);
  *into = {};
  return static_cast<int>(told(os().file_of(number) < 0 ? -EBADF : 0));
}

/// A kernel may have no read that does not block for this kind of file.
ssize_t __wrap_preadv2(int number, const iovec* parts, int count, off_t offset, int flags) {
  if (!simulation::under_way() || !kernel::is_simulated(number))
    return __real_preadv2(number, parts, count, offset, flags);
  if (simulation::current().random.below(8) == 0) return told(-EOPNOTSUPP);
  return told(os().read(number, parts->iov_base, parts->iov_len));
}

int __wrap_poll(pollfd* entries, nfds_t count, int timeout_ms) {
  if (!simulation::under_way()) return __real_poll(entries, count, timeout_ms);
  const int file = os().file_of(entries->fd);
  return file < 0 || os().is_ready(file, chime::detail::request::readable) ? 1 : 0;
}

// Nobody but the product calls these.
int __wrap_epoll_create1(int) { return static_cast<int>(told(simulation::current().readiness.make_epoll())); }

int __wrap_epoll_ctl(int, int what, int number, epoll_event* wanted) {
  return static_cast<int>(told(simulation::current().readiness.control(what, number, wanted)));
}

int __wrap_epoll_wait(int, epoll_event* ready, int most, int timeout_ms) {
  const std::int64_t timeout_ns = timeout_ms < 0 ? -1 : std::int64_t{timeout_ms} * 1'000'000;
  return static_cast<int>(told(simulation::current().readiness.wait(ready, most, timeout_ns)));
}

int __wrap_epoll_pwait2(int, epoll_event* ready, int most, const timespec* timeout, const sigset_t*) {
  simulation& s = simulation::current();
  if (s.how.lacks_pwait2) return static_cast<int>(told(-ENOSYS));
  return static_cast<int>(told(s.readiness.wait(ready, most, nanoseconds_of(timeout))));
}

int __wrap_ppoll(pollfd* entries, nfds_t count, const timespec* timeout, const sigset_t*) {
  return static_cast<int>(told(simulation::current().readiness.poll(entries, count, nanoseconds_of(timeout))));
}

int __wrap_close(int number) {
  if (!simulation::under_way() || !kernel::is_simulated(number)) return __real_close(number);
  return static_cast<int>(told(os().close(number)));
}

/// Who yields waits for somebody who is in the middle of something.
int __wrap_sched_yield() {
  if (!simulation::under_way()) return __real_sched_yield();
  (void)simulation::current().let_one_act();
  return 0;
}

/// A time_point is returned as the number that it holds.
std::int64_t __wrap__ZNSt6chrono3_V212steady_clock3nowEv() {
  static_assert(sizeof(std::chrono::steady_clock::time_point) == sizeof(std::int64_t));
  if (!simulation::under_way()) return __real__ZNSt6chrono3_V212steady_clock3nowEv();
  return os().read_clock();
}
}

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

void misuse(const char* what, std::ptrdiff_t count) noexcept {
  if (simulation::simulation::under_way()) simulation::simulation::current().log.fail(what, count, 0);
  std::fprintf(stderr, "chime: %s\n", what);
  std::abort();
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
