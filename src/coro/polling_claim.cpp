// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "coro/polling_claim.hpp"

#include <thread>

#include "sync/misuse.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace {

/// Tells a claim from a thread that polls: no thread has a number that large.
constexpr std::uint64_t is_claim = 1ULL << 63U;

[[noreturn]] void refuse() noexcept {
  misuse(
      "a coroutine was destroyed while it waits, on another thread than its loop's; destroy it on the polling thread");
}

}  // namespace

polling_claim::polling_claim(loop& l) noexcept : loop_(l) {
  l.check_process();
  if (is_bound_here(l)) return;
  const std::uint64_t me = sync::this_thread();
  // Acquire: pairs with the release of whoever had it before: another claim, or a guest's call. The caller sees to it that
  // nobody polls meanwhile, but not that nobody else destroys a frame, so claims wait for each other.
  std::uint64_t holder = 0;
  while (!l.polling_thread.compare_exchange_strong(holder, me | is_claim, std::memory_order_acquire,
                                                   std::memory_order_relaxed)) {
    if ((holder & is_claim) == 0) refuse();
    holder = 0;
    std::this_thread::yield();
  }
  claimed_ = true;
  const std::uint64_t kernels = l.as_guest.kernel_thread;
  if (l.guest && kernels != 0 && kernels != me && l.kernel->stays_with_thread()) refuse();
  l.end_guests_sleep();
}

polling_claim::~polling_claim() {
  if (!claimed_) return;
  const bool guest = loop_.guest;
  const doorbell& bell = loop_.in.bell;
  // Release: pairs with the acquire of the next claim, and of the next poll.
  loop_.polling_thread.store(0, std::memory_order_release);
  // Between its calls a guest is asleep, or its host knows that it is not. It has been awakened, so its host has to come.
  // Last, since the host comes at once, and must not find the loop claimed.
  if (guest) bell.ring();
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
