// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Allocators over a memory resource and over the heap. The one file that is compiled with exceptions: a memory
/// resource reports by throwing, and nothing that it throws may pass.
#include "memory/allocator.hpp"

#include <cstdint>
#include <new>

namespace chime {
inline namespace CHIME_ABI {
namespace {

void* allocate_from_resource(void* context, std::size_t size, std::size_t alignment) noexcept {
  try {
    return static_cast<std::pmr::memory_resource*>(context)->allocate(size, alignment);
  } catch (...) {
    return nullptr;
  }
}

void deallocate_to_resource(void* context, void* block, std::size_t size, std::size_t alignment) noexcept {
  static_cast<std::pmr::memory_resource*>(context)->deallocate(block, size, alignment);
}

void* allocate_from_heap(void*, std::size_t size, std::size_t alignment) noexcept {
  // The standard library rounds the size up to the alignment, and need not notice when that overflows.
  if (size > PTRDIFF_MAX || alignment > PTRDIFF_MAX) return nullptr;
  return ::operator new(size, std::align_val_t{alignment}, std::nothrow);
}

void deallocate_to_heap(void*, void* block, std::size_t size, std::size_t alignment) noexcept {
  ::operator delete(block, size, std::align_val_t{alignment});
}

}  // namespace

allocator from(std::pmr::memory_resource& resource) noexcept {
  return {.allocate = allocate_from_resource, .deallocate = deallocate_to_resource, .context = &resource};
}

namespace detail {

result<allocator> checked(const allocator& given) noexcept {
  if ((given.allocate == nullptr) != (given.deallocate == nullptr)) {
    return std::unexpected(make_error_code(fault::allocator_incomplete));
  }
  if (given.allocate != nullptr) return given;
  return allocator{.allocate = allocate_from_heap, .deallocate = deallocate_to_heap};
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
