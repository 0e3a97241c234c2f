// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Calls that block a model's thread: a doorbell like an eventfd, and a wait on an atomic word like a futex. The kernel
/// orders memory on both sides of such calls in practice. The models assume that it does not, so that a protocol stands
/// on its own atomics.
#pragma once

#include "chime/detail/atomic.hpp"
#include "explorer/execution.hpp"
#include "explorer/lifetime.hpp"

#include <cstdint>
#include <cstring>
#include <type_traits>

namespace chime::explore {

/// A counter with an edge: ring() adds one, a wait takes all. Its destruction must happen after every ring, as the
/// descriptor of a closed eventfd may be somebody else's.
class doorbell {
 public:
  void ring() noexcept;
  /// Blocks while the count is zero, then sets it to zero.
  void wait() noexcept { (void)wait(false); }
  /// The same, but may give up: false then.
  [[nodiscard]] bool wait_or_time_out() noexcept { return wait(true); }
  /// Never blocks: whether there was something to take.
  bool poll() noexcept;

 private:
  void begin(const char* what) noexcept;
  bool wait(bool may_time_out) noexcept;

  lifetime life_{"a doorbell"};
  std::uint64_t count_ = 0;
};

namespace detail {
bool futex_wait(number word_number, const void* owner, word expected, bool may_time_out) noexcept;
void futex_wake(number word_number, unsigned limit) noexcept;

template <class T>
word bits_of(T value) {
  word bits = 0;
  std::memcpy(&bits, &value, sizeof(T));
  return bits;
}
}  // namespace detail

/// Blocks until a wake, unless the latest value differs from the expected one. Who waits must look again after it.
template <class T>
void futex_wait(const sync::atomic<T>& at, std::type_identity_t<T> expected) noexcept {
  (void)detail::futex_wait(at.explored_number(), &at, detail::bits_of(expected), false);
}
/// The same, but may give up: false then.
template <class T>
[[nodiscard]] bool futex_wait_or_time_out(const sync::atomic<T>& at, std::type_identity_t<T> expected) noexcept {
  return detail::futex_wait(at.explored_number(), &at, detail::bits_of(expected), true);
}
/// Wakes up to `limit` waiters; which of them is a branch. The word itself is not touched and may be gone.
template <class T>
void futex_wake(const sync::atomic<T>& at, unsigned limit = 1) noexcept {
  detail::futex_wake(at.explored_number(), limit);
}

}  // namespace chime::explore
