// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backend/read_probe.hpp"

#include <liburing.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace {

enum class answer : unsigned char { unknown, waits, fails };

/// Submits the read, sees that it waits, writes, and sees that it ends with the counter.
[[nodiscard]] bool read_waits(io_uring& ring, int eventfd, std::uint64_t& buffer) noexcept {
  io_uring_sqe* read = io_uring_get_sqe(&ring);
  if (read == nullptr) return false;
  io_uring_prep_read(read, eventfd, &buffer, sizeof buffer, static_cast<std::uint64_t>(-1));
  if (io_uring_submit(&ring) != 1) return false;
  io_uring_cqe* cqe = nullptr;
  if (io_uring_peek_cqe(&ring, &cqe) == 0) return false;  // it did not wait
  const std::uint64_t one = 1;
  if (::write(eventfd, &one, sizeof one) != sizeof one) return false;
  // One second is for ever here: the read is ready. The bound keeps a broken kernel from hanging open().
  __kernel_timespec patience = {.tv_sec = 1, .tv_nsec = 0};
  return io_uring_wait_cqe_timeout(&ring, &cqe, &patience) == 0 && cqe->res == sizeof buffer && buffer == one;
}

/// Unknown: it could not be tried, for want of descriptors or memory, or because there is no io_uring.
[[nodiscard]] answer try_it() noexcept {
  const int eventfd = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (eventfd < 0) return answer::unknown;
  std::uint64_t buffer = 0;
  io_uring ring;
  answer found = answer::unknown;
  if (io_uring_queue_init(2, &ring, 0) == 0) {
    found = read_waits(ring, eventfd, buffer) ? answer::waits : answer::fails;
    io_uring_queue_exit(&ring);  // also ends a read that is still under way, before its buffer goes
  }
  (void)::close(eventfd);  // on Linux the descriptor is free whatever close returns
  return found;
}

}  // namespace

bool plain_read_waits() noexcept {
  // Relaxed: the answer is the kernel's and always the same; two threads may both ask.
  static std::atomic<answer> known{answer::unknown};
  answer found = known.load(std::memory_order_relaxed);
  if (found == answer::unknown) known.store(found = try_it(), std::memory_order_relaxed);
  return found == answer::waits;
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
