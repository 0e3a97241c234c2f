// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "coro/polling_claim.hpp"

#include "sync/misuse.hpp"

namespace chime {
inline namespace v1 {
namespace detail {

polling_claim::polling_claim(loop& l) noexcept : loop_(l) {
  l.check_process();
  if (is_bound_here(l)) return;
  const std::uint64_t me = sync::this_thread();
  std::uint64_t nobody = 0;
  // Relaxed, here and below: the caller sees to it that nobody polls meanwhile, and what orders that orders the loop's fields.
  claimed_ = l.polling_thread.compare_exchange_strong(nobody, me, std::memory_order_relaxed, std::memory_order_relaxed);
  const std::uint64_t kernels = l.as_guest.kernel_thread;
  const bool wrong_for_kernel = l.guest && kernels != 0 && kernels != me && l.kernel->stays_with_thread();
  if (!claimed_ || wrong_for_kernel) {
    misuse(
        "a coroutine was destroyed while it waits, on another thread than its loop's; destroy it on the polling "
        "thread");
  }
  l.end_guests_sleep();
}

polling_claim::~polling_claim() {
  if (!claimed_) return;
  // Between its calls a guest is asleep, or its host knows that it is not. It has been awakened, so its host has to come.
  if (loop_.guest) loop_.in.bell.ring();
  loop_.polling_thread.store(0, std::memory_order_relaxed);
}

}  // namespace detail
}  // namespace v1
}  // namespace chime
