// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "chime/detail/thread.hpp"

#include <atomic>

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

thread_local constinit std::uint64_t thread_number = 0;

std::uint64_t number_this_thread() noexcept {
  // Relaxed: the numbers only have to differ.
  static constinit std::atomic<std::uint64_t> last{0};
  const std::uint64_t mine = last.fetch_add(1, std::memory_order_relaxed) + 1;
  if (thread_number == 0) thread_number = mine;  // else a signal handler came first
  return thread_number;
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
