// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// As much of folly's interface as the page uses: Debian 12 has no folly.
#include <chrono>
#include <thread>

namespace folly {
template <bool MayBlock = true>
struct Baton {
  void post() noexcept;
  void wait() noexcept;
  bool try_wait_for(std::chrono::nanoseconds timeout) noexcept;
};
}  // namespace folly

using namespace std::chrono_literals;

// HERE
