// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What the library does with an allocator that it was given: check it once, then make objects in its memory.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "chime/memory.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

/// The allocator to use from now on, both functions set: `given`, or the heap if it has neither.
/// Errors: allocator_incomplete.
[[nodiscard]] result<allocator> checked(const allocator& given) noexcept;

/// A new T in memory of `source` (a checked one), or null if it has none. Its owner ends it with dispose().
template <class T, class... Arguments>
  requires std::is_nothrow_constructible_v<T, Arguments...>
[[nodiscard]] T* make(const allocator& source, Arguments&&... arguments) noexcept {
  void* const memory = source.allocate(source.context, sizeof(T), alignof(T));
  return memory != nullptr ? ::new (memory) T(std::forward<Arguments>(arguments)...) : nullptr;
}

/// Destroys what make() made from the same source. Null: nothing.
template <class T>
void dispose(const allocator& source, T* object) noexcept {
  if (object == nullptr) return;
  std::destroy_at(object);
  source.deallocate(source.context, object, sizeof(T), alignof(T));
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
