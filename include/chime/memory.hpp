// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Where memory comes from: the allocator that pools and loops draw on, and two sources that an event pool likes.
#pragma once

#include <chime/error.hpp>

#include <cstddef>
#include <memory_resource>

namespace chime {
inline namespace CHIME_ABI {

/// Two functions and a context; refers to its source, never owns it. With neither function set: the heap.
/// Both functions may be called from any thread, also at the same time. `allocate` returns null when it has no memory;
/// `deallocate` gets the size and alignment that the block was asked for with. `alignment` is a power of two; event
/// pools ask for pages (`event_pool::page_size` bytes, aligned to as many), loops for blocks aligned to a cache line.
struct allocator {
  /// A block of this size and alignment, or null.
  void* (*allocate)(void* context, std::size_t size, std::size_t alignment) noexcept = nullptr;
  /// Takes it back.
  void (*deallocate)(void* context, void* block, std::size_t size, std::size_t alignment) noexcept = nullptr;
  void* context = nullptr;  ///< given to both
};

/// Adapts a polymorphic memory resource, which must be safe to use from several threads and must outlive every block.
/// An exception that it throws on allocation becomes null; one on deallocation ends the program. No system call of its own.
[[nodiscard]] CHIME_API allocator from(std::pmr::memory_resource& resource) noexcept;

/// How a block_pool cuts its memory.
struct block_pool_options {
  std::size_t block_size = 4096;       ///< bytes, not 0; rounded up to a multiple of the alignment
  std::size_t block_alignment = 4096;  ///< a power of two, at least a cache line (64)
  std::size_t blocks_per_chunk = 64;   ///< how many blocks are asked for at once from upstream; the very first is kept
                                       ///< for bookkeeping, and so is another whenever that is full
  allocator upstream = {};             ///< asked for chunks; must outlive the block pool
};

/// A pool of blocks of one size, cut from chunks of an upstream allocator and kept until close(): for node-local memory
/// that events are drawn from without going back to the system. All functions except open and close may be called from
/// any thread at once; a mutex makes them take turns, and upstream is called without it. System calls: upstream's, and the mutex's
/// when two threads meet. Pinned, and not for signal handlers. `memory()` is an allocator for anything that asks for at most
/// one block at a time, such as `event_pool` (whose requests are `event_pool::page_size` bytes: the default block).
class CHIME_API block_pool {
 public:
  block_pool() noexcept;
  block_pool(const block_pool&) = delete;
  block_pool& operator=(const block_pool&) = delete;
  /// Stops the program if blocks are out, else closes.
  ~block_pool();

  /// Checks the options; allocates nothing yet. Errors: block_misfit, allocator_incomplete, busy (already open).
  [[nodiscard]] result<void> open(const block_pool_options& options = {}) noexcept;
  /// Gives every chunk back upstream and returns 0; or, if blocks are out, does nothing and returns how many. O(chunks).
  std::size_t close() noexcept;

  /// One block, or null when upstream has no memory. O(1) unless a chunk must be fetched.
  [[nodiscard]] void* acquire() noexcept;
  /// Takes back a block of this pool. O(1). Null: nothing. A second release of a free block stops the program, and in
  /// debug builds, which look through the chunks, so does a block of another pool.
  void release(void* block) noexcept;
  /// Requests of at most block_size and block_alignment get a block, larger ones null. Valid while this pool lives.
  [[nodiscard]] allocator memory() noexcept;
  /// As rounded; 0 while closed.
  [[nodiscard]] std::size_t block_size() const noexcept;

 private:
  alignas(64) unsigned char storage_[192];
};

/// Memory bound to one NUMA node (by libnuma, strictly: it fails rather than take memory of another node). Each request
/// is a mapping of its own, rounded up to pages, which are taken at once, and null if the node is full: meant for pages
/// and chunks, not for small objects; put a block_pool on top. Any thread. The allocator has no state of its own, and
/// may be copied and kept for ever.
/// Errors: unknown_node, numa_unavailable (the kernel has no NUMA support, or chime was built without libnuma; node 0
/// then works all the same, unbound).
[[nodiscard]] CHIME_API result<allocator> numa_allocator(unsigned node) noexcept;

}  // namespace CHIME_ABI
}  // namespace chime
