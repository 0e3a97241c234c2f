// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The block pool. Every block is free, out, or a directory of the chunk list; free ones form a list through their own
/// first words. One mutex guards the lists and the count. Upstream is called without it, so two threads that find the
/// pool empty may both fetch a chunk, and both chunks stay.
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

#include "chime/memory.hpp"
#include "memory/allocator.hpp"
#include "memory/chunk_list.hpp"
#include "sync/misuse.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace {

constexpr std::size_t smallest_alignment = 64;

#ifdef NDEBUG
constexpr bool checks_owner = false;
#else
constexpr bool checks_owner = true;
#endif

/// What a block begins with while it is free.
struct free_block {
  free_block* next;
  std::uintptr_t mark;  ///< mark_of() this block; wiped when it goes out, so that a second release is seen
};

class block_store {
 public:
  result<void> open(const block_pool_options& options) noexcept;
  std::size_t close() noexcept;
  void* acquire() noexcept;
  void release(void* block) noexcept;
  [[nodiscard]] bool fits(std::size_t size, std::size_t alignment) const noexcept {
    return size <= block_size_ && alignment <= block_alignment_;
  }
  [[nodiscard]] std::size_t block_size() const noexcept { return block_size_; }

 private:
  void* fetch() noexcept;
  /// Adds a fresh chunk and takes a block, which is null only if the chunk was one block and became a directory.
  void* adopt(std::byte* chunk) noexcept;
  /// Makes the blocks of a fresh chunk a list, and returns its last.
  free_block* link(std::byte* chunk) const noexcept;
  /// A word that no holder leaves at this place of its block by chance. It depends on the pool, because a holder that
  /// is a block pool itself leaves its own marks there.
  [[nodiscard]] std::uintptr_t mark_of(const void* block) const noexcept {
    return reinterpret_cast<std::uintptr_t>(block) ^ ~reinterpret_cast<std::uintptr_t>(this);
  }
  void* take() noexcept;
  void* take_locked() noexcept;

  // Written by open and close alone. A block size of 0: closed.
  std::size_t block_size_ = 0;
  std::size_t block_alignment_ = 0;
  std::size_t blocks_per_chunk_ = 0;
  allocator upstream_;

  // Guarded by the mutex, and on cache lines of their own, so that fits() reads what nobody writes.
  alignas(64) std::mutex mutex_;
  free_block* free_ = nullptr;
  std::size_t out_ = 0;
  detail::chunk_list chunks_;
};

/// The size of a block, rounded up to its alignment, or 0 if such blocks or their chunks cannot be.
std::size_t rounded_block_size(const block_pool_options& options) noexcept {
  const std::size_t size = options.block_size;
  const std::size_t alignment = options.block_alignment;
  if (!std::has_single_bit(alignment) || alignment < smallest_alignment || alignment > PTRDIFF_MAX) return 0;
  if (size == 0 || size > PTRDIFF_MAX || options.blocks_per_chunk == 0) return 0;
  const std::size_t rounded = (size + alignment - 1) & ~(alignment - 1);
  return rounded <= PTRDIFF_MAX / options.blocks_per_chunk ? rounded : 0;
}

result<void> block_store::open(const block_pool_options& options) noexcept {
  if (block_size_ != 0) return std::unexpected(make_error_code(fault::pool_already_open));
  const std::size_t rounded = rounded_block_size(options);
  if (rounded == 0) return std::unexpected(make_error_code(fault::block_misfit));
  const result<allocator> upstream = detail::checked(options.upstream);
  if (!upstream) return std::unexpected(upstream.error());
  block_size_ = rounded;
  block_alignment_ = options.block_alignment;
  blocks_per_chunk_ = options.blocks_per_chunk;
  upstream_ = *upstream;
  chunks_ = {rounded, rounded * blocks_per_chunk_};
  return {};
}

std::size_t block_store::close() noexcept {
  detail::chunk_list chunks;
  {
    const std::lock_guard lock(mutex_);
    if (out_ != 0) return out_;
    free_ = nullptr;
    chunks = std::exchange(chunks_, {});
  }
  chunks.deallocate(upstream_, block_alignment_);
  block_size_ = 0;
  return 0;
}

void* block_store::acquire() noexcept {
  if (block_size_ == 0) return nullptr;
  for (;;) {
    if (void* const block = take()) return block;
    void* const chunk = fetch();
    // Meanwhile others may have released a block or brought a chunk.
    if (chunk == nullptr) return take();
    if (void* const block = adopt(static_cast<std::byte*>(chunk))) return block;
  }
}

void* block_store::fetch() noexcept {
  return upstream_.allocate(upstream_.context, block_size_ * blocks_per_chunk_, block_alignment_);
}

void* block_store::adopt(std::byte* chunk) noexcept {
  // Without the lock, since this may be the first touch of the chunk's pages.
  free_block* const last = link(chunk);
  free_block* const first = std::launder(reinterpret_cast<free_block*>(chunk));
  const std::lock_guard lock(mutex_);
  last->next = free_;
  free_ = chunks_.needs_block() ? first->next : first;
  chunks_.add(chunk);
  return take_locked();
}

free_block* block_store::link(std::byte* chunk) const noexcept {
  free_block* next = nullptr;
  free_block* last = nullptr;
  for (std::size_t i = blocks_per_chunk_; i-- > 0;) {
    std::byte* const block = chunk + i * block_size_;
    next = ::new (block) free_block{.next = next, .mark = mark_of(block)};
    if (last == nullptr) last = next;
  }
  return last;
}

void* block_store::take() noexcept {
  const std::lock_guard lock(mutex_);
  return take_locked();
}

void* block_store::take_locked() noexcept {
  if (free_ == nullptr) return nullptr;
  free_block* const block = std::exchange(free_, free_->next);
  block->mark = 0;
  ++out_;
  return block;
}

void block_store::release(void* block) noexcept {
  if (block == nullptr) return;
  const std::lock_guard lock(mutex_);
  if (out_ == 0) detail::misuse("a block was released to a block_pool that has none out");
  if (checks_owner && !chunks_.owns(block)) detail::misuse("a block was released to a block_pool that it is not from");
  // Read as bytes: what is there now are the holder's objects.
  std::uintptr_t mark = 0;
  std::memcpy(&mark, static_cast<std::byte*>(block) + offsetof(free_block, mark), sizeof mark);
  if (mark == mark_of(block)) detail::misuse("a block was released to its block_pool twice");
  free_ = ::new (block) free_block{.next = free_, .mark = mark_of(block)};
  --out_;
}

block_store& store_in(unsigned char* storage) noexcept {
  return *std::launder(reinterpret_cast<block_store*>(storage));
}

}  // namespace

block_pool::block_pool() noexcept {
  static_assert(sizeof(block_store) <= sizeof storage_ && alignof(block_store) <= alignof(block_pool));
  ::new (storage_) block_store;
}

block_pool::~block_pool() {
  const auto out = static_cast<std::ptrdiff_t>(close());
  if (out != 0) detail::misuse("block(s) of a block_pool were out when it was destroyed", out);
  std::destroy_at(&store_in(storage_));
}

result<void> block_pool::open(const block_pool_options& options) noexcept { return store_in(storage_).open(options); }

std::size_t block_pool::close() noexcept { return store_in(storage_).close(); }

void* block_pool::acquire() noexcept { return store_in(storage_).acquire(); }

void block_pool::release(void* block) noexcept { store_in(storage_).release(block); }

allocator block_pool::memory() noexcept {
  constexpr auto allocate = [](void* context, std::size_t size, std::size_t alignment) noexcept -> void* {
    block_store& store = *static_cast<block_store*>(context);
    return store.fits(size, alignment) ? store.acquire() : nullptr;
  };
  constexpr auto deallocate = [](void* context, void* block, std::size_t, std::size_t) noexcept {
    static_cast<block_store*>(context)->release(block);
  };
  return {.allocate = allocate, .deallocate = deallocate, .context = &store_in(storage_)};
}

std::size_t block_pool::block_size() const noexcept {
  return std::launder(reinterpret_cast<const block_store*>(storage_))->block_size();
}

}  // namespace CHIME_ABI
}  // namespace chime
