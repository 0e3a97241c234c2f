// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "sync/process.hpp"

#include <pthread.h>

#include "chime/detail/thread.hpp"
#include "sync/misuse.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace {

void in_child() noexcept {
  forks.fetch_add(1, std::memory_order_relaxed);
  thread_number = 0;
}

}  // namespace

constinit std::atomic<unsigned> forks{0};

int follow_forks() noexcept {
  // Relaxed: if two threads register, a child counts its fork twice, which tells it from its parent just as well.
  static constinit std::atomic<bool> following{false};
  if (following.load(std::memory_order_relaxed)) return 0;
  const int failed = ::pthread_atfork(nullptr, nullptr, in_child);
  if (failed == 0) following.store(true, std::memory_order_relaxed);
  return failed;
}

void birthplace::refuse(const char* what) noexcept { misuse(what); }

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
