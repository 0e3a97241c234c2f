// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "event/blocking.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <ctime>

#include "error/system.hpp"
#include "sync/misuse.hpp"

namespace chime {
inline namespace v1 {
namespace detail {
namespace {

/// The futex: the low half of the word, wherever the machine keeps it.
[[nodiscard]] const std::uint32_t* low_half(const cell& c) noexcept {
  return static_cast<const std::uint32_t*>(c.word.address()) + (std::endian::native == std::endian::little ? 0 : 1);
}

/// FUTEX_WAIT_BITSET takes an absolute time of the monotonic clock, which steady_clock is.
[[nodiscard]] timespec absolute(time_point when) noexcept {
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count();
  if (ns <= 0) return {0, 0};
  return {static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
}

/// Sleeps while the word's low half is `seen`. 0 for "look again", else the errno that ends the wait.
[[nodiscard]] int sleep(const cell& c, std::uint32_t seen, time_point deadline) noexcept {
  const timespec until = absolute(deadline);
  const auto done = ::syscall(SYS_futex, low_half(c), FUTEX_WAIT_BITSET_PRIVATE, seen,
                              deadline == never ? nullptr : &until, nullptr, FUTEX_BITSET_MATCH_ANY);
  // EAGAIN: the word has changed. EINTR: a signal handler ran, which may have signalled the event.
  if (done == 0 || errno == EAGAIN || errno == EINTR) return 0;
  return errno;  // ETIMEDOUT; EFAULT, EINVAL and ENOSYS are impossible with this address and these arguments
}

}  // namespace

result<void> block_until(cell& c, time_point deadline) noexcept {
  if (c.its_page().header.natives != nullptr) return std::unexpected(make_error_code(fault::native_only_in_loop));
  const word_value found = c.word.block();
  if (found.refused()) return std::unexpected(make_error_code(fault::waits_exhausted));
  if (found.phase() == phase::signalled) return {};
  if (found.phase() == phase::free) misuse("an event was waited for after it was released");
  if (found.phase() != phase::idle) misuse("an event was waited for while another wait is in flight");
  for (;;) {
    const word_value now = c.word.peek();
    if (now.phase() == phase::blocked) {
      const int ended = sleep(c, static_cast<std::uint32_t>(now.bits()), deadline);
      if (ended == 0) continue;
      if (c.word.unblock()) return std::unexpected(system_error(ended));
    }
    if (c.word.consume()) return {};
  }
}

void unblock(cell& c) noexcept {
  const int kept = errno;
  // The only failure is EFAULT, when the pool was closed meanwhile: then nobody blocks any more.
  (void)::syscall(SYS_futex, low_half(c), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  errno = kept;
}

}  // namespace detail
}  // namespace v1
}  // namespace chime
