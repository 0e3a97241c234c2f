// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Tells a process from the children that it forks: they share its kernel objects, but none of its threads, so what it
/// opened is not for them.
#pragma once

#include <atomic>

#include "chime/config.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

/// How many forks lead to this process. Changed only in a child, before it has a second thread.
extern constinit std::atomic<unsigned> forks;

/// From now on forks are counted, and the child's thread gets a new number (thread.hpp), so that all that goes by numbers
/// takes it for a stranger. 0, or ENOMEM. vfork, and clone without the C library, are not noticed.
[[nodiscard]] int follow_forks() noexcept;

/// The process in which something was opened.
class birthplace {
 public:
  /// Stops the program in any other. `what` says what was used there.
  void check(const char* what) const noexcept {
    // Relaxed: a child's only thread reads what itself has written, or what it was forked with.
    if (forks.load(std::memory_order_relaxed) != forks_) [[unlikely]]
      refuse(what);
  }

 private:
  [[noreturn]] static void refuse(const char* what) noexcept;
  unsigned forks_ = forks.load(std::memory_order_relaxed);
};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
