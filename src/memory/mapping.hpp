// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Memory straight from the system: each request is a mapping of its own, whose pages are taken at once.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>

#include "chime/memory.hpp"
#include "sync/linux.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

[[nodiscard]] inline std::size_t system_page_size() noexcept { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

/// What a request of `size` bytes maps. At least a page, so that every request has an address of its own.
[[nodiscard]] inline std::size_t mapped_size(std::size_t size) noexcept {
  const std::size_t page = system_page_size();
  return size == 0 ? page : (size + page - 1) & ~(page - 1);
}

inline void unmap(std::byte* start, std::size_t size) noexcept {
  if (size == 0 || munmap(start, size) == 0) return;
  // The hole would split a mapping and the process has as many as it may: only the addresses are lost.
  madvise(start, size, MADV_DONTNEED);
}

/// Addresses alone: no page is behind them yet, not even in a process that locks all that it maps.
[[nodiscard]] inline std::byte* reserve(std::size_t size, std::size_t alignment) noexcept {
  const std::size_t page = system_page_size();
  const std::size_t slack = alignment > page ? alignment - page : 0;
  void* const mapped = mmap(nullptr, size + slack, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  std::byte* const start = static_cast<std::byte*>(mapped);
  const std::size_t head = -reinterpret_cast<std::uintptr_t>(start) & (alignment - 1);
  const std::size_t skipped = slack == 0 ? 0 : head;
  unmap(start, skipped);
  unmap(start + skipped + size, slack - skipped);
  return start + skipped;
}

/// Makes the addresses usable and takes their pages now, so that a failure shows here and not at the first touch.
[[nodiscard]] inline bool populate(std::byte* start, std::size_t size) noexcept {
  if (mprotect(start, size, PROT_READ | PROT_WRITE) != 0) return false;
  // EINVAL: a kernel before 5.14. The pages then come at their first touch.
  return madvise(start, size, MADV_POPULATE_WRITE) == 0 || errno == EINVAL;
}

/// `take_pages` (bool of start and size) makes what is reserved usable. Null if it fails, or for what cannot be asked for.
template <class Populate>
[[nodiscard]] void* map(std::size_t size, std::size_t alignment, Populate take_pages) noexcept {
  if (size > PTRDIFF_MAX / 2 || alignment > PTRDIFF_MAX / 2 || !std::has_single_bit(alignment)) return nullptr;
  const std::size_t whole = mapped_size(size);
  std::byte* const start = reserve(whole, alignment);
  if (start == nullptr) return nullptr;
  if (take_pages(start, whole)) return start;
  unmap(start, whole);
  return nullptr;
}

inline void unmap_block(void*, void* block, std::size_t size, std::size_t) noexcept {
  if (block != nullptr) unmap(static_cast<std::byte*>(block), mapped_size(size));
}

/// Of whichever node the kernel likes.
[[nodiscard]] inline allocator mapped_memory() noexcept {
  return {.allocate = [](void*, std::size_t size,
                         std::size_t alignment) noexcept { return map(size, alignment, populate); },
          .deallocate = unmap_block};
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
