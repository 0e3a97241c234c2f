// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "event/blocking.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <ctime>

#include "error/system.hpp"
#include "sync/misuse.hpp"
#include "sync/relax.hpp"

namespace chime {
inline namespace CHIME_ABI {
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

/// Looks, for a while, whether the word is still `before`. Whatever else it is then is block()'s to judge.
void spin(const cell& c, word_value before, time_point deadline) noexcept {
  if (!sync::time_passes || !blocking_spin.should_spin()) return;
  constexpr unsigned looks_between_clock_reads = 16;  // the clock costs as much as a few looks
  const time_point begin = clock::now();
  const time_point end = std::min(deadline, begin + blocking_spin.longest());
  if (end <= begin) return;  // due already: not a spin to learn from
  do {
    for (unsigned i = 0; i < looks_between_clock_reads; ++i) {
      if (c.word.peek().bits() != before.bits()) return blocking_spin.succeeded();
      sync::relax_cpu();
    }
  } while (clock::now() < end);
  blocking_spin.failed();
}

[[noreturn]] void tell_of_another_thread() noexcept {
  misuse("an event was released, or waited for, by another thread during a wait");
}

/// The word says `mine`, blocked: until it says signalled, or the deadline. Out of line: a wait that does not get here should
/// not pay for it.
[[nodiscard, gnu::noinline]] result<void> sleep_until_signalled(cell& c, word_value mine,
                                                                time_point deadline) noexcept {
  const time_point begin = sync::time_passes ? clock::now() : time_point{};
  while (c.word.peek().bits() == mine.bits()) {
    const int ended = sleep(c, static_cast<std::uint32_t>(mine.bits()), deadline);
    // Not for the policy: a spin as long as a sleep that ends by its deadline would have been vain.
    if (ended != 0 && c.word.unblock(mine)) return std::unexpected(system_error(ended));
  }
  if (sync::time_passes) blocking_spin.slept(clock::now() - begin);
  // Between the signal and here the word lets others wait, submit and release.
  if (!c.word.consume(mine)) tell_of_another_thread();
  return {};
}

}  // namespace

thread_local constinit spin_policy blocking_spin{std::chrono::microseconds(50)};

result<void> block_until(cell& c, time_point deadline) noexcept {
  if (c.its_page().header.natives != nullptr) return std::unexpected(make_error_code(fault::native_only_in_loop));
  const word_value before = c.word.peek();
  if (before.phase() == phase::idle) spin(c, before, deadline);
  const word_value found = c.word.block(before);
  if (found.bits() == before.with(phase::signalled).bits()) [[likely]]
    return {};
  if (found.refused()) return std::unexpected(make_error_code(fault::waits_exhausted));
  if (found.phase() == phase::free) misuse("an event was waited for after it was released");
  if (found.phase() != phase::idle) misuse("an event was waited for while another wait is in flight");
  // If block() has changed nothing, since another wait or use came between, this tells.
  return sleep_until_signalled(c, before.next_wait(phase::blocked), deadline);
}

void unblock(cell& c) noexcept {
  const int kept = errno;
  // The only failure is EFAULT, when the pool was closed meanwhile: then nobody blocks any more.
  (void)::syscall(SYS_futex, low_half(c), FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  errno = kept;
}

}  // namespace detail

}  // namespace CHIME_ABI
}  // namespace chime
