// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The explorer's side of the seam. It has the name of the product's side (include/chime/detail/atomic.hpp) and comes first in the
/// include path of the models, so that the product's lock-free headers run unchanged under the explorer's scheduler.
///
/// Every order is given: a call without one does not compile here. Objects of four bytes or more keep the size and the
/// alignment that they have in the product, so that its layout checks hold.
#pragma once

#include "chime/config.hpp"
#include "explorer/execution.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace chime::inline CHIME_ABI::sync {
namespace detail {

/// Constructors here are constexpr because those of the product are, but only an execution can register an object. This
/// makes a constant evaluation of them fail, so that the compiler leaves the construction to run time. The callers ask
/// the builtin, because with clang 14 in its C++23 mode std::is_constant_evaluated() says yes at run time.
constexpr void refuse_constant(bool always) {
  if (always) throw "an object under the explorer is constructed at run time";
}

}  // namespace detail

template <class T>
class atomic {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(explore::word));

 public:
  using value_type = T;
  static constexpr bool is_always_lock_free = true;

  constexpr atomic() noexcept : atomic(T{}) {}
  constexpr atomic(T value) noexcept {
    if (__builtin_is_constant_evaluated()) detail::refuse_constant(true);
    number_ = memory().make_location(this, pack(value));
  }
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;
  ~atomic() {
    if (explore::execution::under_way()) memory().drop_location(number_, this);
  }

  [[nodiscard]] bool is_lock_free() const noexcept { return true; }
  [[nodiscard]] T load(std::memory_order order) const noexcept { return unpack(memory().load(number_, this, order)); }
  void store(T value, std::memory_order order) noexcept { memory().store(number_, this, pack(value), order); }
  T exchange(T value, std::memory_order order) noexcept {
    return update(order, [value](T) { return value; });
  }

  bool compare_exchange_strong(T& expected, T desired, std::memory_order success, std::memory_order failure) noexcept {
    return compare_exchange(expected, desired, success, failure, false);
  }
  bool compare_exchange_strong(T& expected, T desired, std::memory_order order) noexcept {
    return compare_exchange(expected, desired, order, of_failure(order), false);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order success, std::memory_order failure) noexcept {
    return compare_exchange(expected, desired, success, failure, true);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order order) noexcept {
    return compare_exchange(expected, desired, order, of_failure(order), true);
  }

  T fetch_add(T value, std::memory_order order) noexcept
    requires std::integral<T>
  {
    return update(order, [value](T old) { return static_cast<T>(old + value); });
  }
  T fetch_sub(T value, std::memory_order order) noexcept
    requires std::integral<T>
  {
    return update(order, [value](T old) { return static_cast<T>(old - value); });
  }
  T fetch_or(T value, std::memory_order order) noexcept
    requires std::integral<T>
  {
    return update(order, [value](T old) { return static_cast<T>(old | value); });
  }
  T fetch_and(T value, std::memory_order order) noexcept
    requires std::integral<T>
  {
    return update(order, [value](T old) { return static_cast<T>(old & value); });
  }
  T fetch_xor(T value, std::memory_order order) noexcept
    requires std::integral<T>
  {
    return update(order, [value](T old) { return static_cast<T>(old ^ value); });
  }

  /// For the explorer: names the location within the execution.
  [[nodiscard]] explore::number explored_number() const noexcept { return number_; }

 private:
  static explore::memory& memory() { return explore::execution::current().values(); }
  static constexpr std::memory_order of_failure(std::memory_order order) {
    if (order == std::memory_order_acq_rel) return std::memory_order_acquire;
    return order == std::memory_order_release ? std::memory_order_relaxed : order;
  }
  static explore::word pack(T value) {
    explore::word bits = 0;
    std::memcpy(&bits, &value, sizeof(T));
    return bits;
  }
  static T unpack(explore::word bits) {
    T value;
    std::memcpy(&value, &bits, sizeof(T));
    return value;
  }
  template <class F>
  T update(std::memory_order order, F change) noexcept {
    const T old = unpack(memory().begin_update(number_, this, order));
    memory().end_update(number_, pack(change(old)), order);
    return old;
  }
  bool compare_exchange(T& expected, T desired, std::memory_order success, std::memory_order failure,
                        bool weak) noexcept {
    explore::word bits = pack(expected);
    if (memory().compare_exchange(number_, this, bits, pack(desired), success, failure, weak)) return true;
    expected = unpack(bits);
    return false;
  }

  alignas(std::atomic<T>) alignas(explore::number) explore::number number_ = 0;
};

template <class T>
class plain {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= explore::cell_bytes);

 public:
  constexpr plain() noexcept : plain(T{}) {}
  constexpr explicit plain(T value) noexcept {
    if (__builtin_is_constant_evaluated()) detail::refuse_constant(true);
    number_[0] = memory().make_cell(this, &value, sizeof(T));
  }
  plain(const plain& other) noexcept : plain(other.get()) {}
  plain& operator=(const plain& other) noexcept {
    set(other.get());
    return *this;
  }
  ~plain() {
    if (explore::execution::under_way()) memory().drop_cell(number_[0], this);
  }

  [[nodiscard]] T get() const noexcept {
    std::array<std::byte, sizeof(T)> bytes;
    std::memcpy(bytes.data(), memory().read_cell(number_[0], this), sizeof(T));
    return std::bit_cast<T>(bytes);
  }
  void set(T value) noexcept { std::memcpy(memory().write_cell(number_[0], this), &value, sizeof(T)); }

  /// For the explorer: names the cell within the execution.
  [[nodiscard]] explore::number explored_number() const noexcept { return number_[0]; }

 private:
  static explore::memory& memory() { return explore::execution::current().values(); }

  static constexpr std::size_t word_count = (sizeof(T) + sizeof(explore::number) - 1) / sizeof(explore::number);

  alignas(T) alignas(
      explore::number) std::array<explore::number, word_count> number_{};  // the first one; the others keep the size
};

/// Inside a loop that waits for another thread's store: the thread rests until something that it has read changes.
inline void relax() noexcept { explore::execution::current().relax(); }

}  // namespace chime::inline CHIME_ABI::sync
