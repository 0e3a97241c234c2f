// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Which chunks a block pool has. The list lives in the chunks themselves, in directories: a directory is the first
/// block of the chunk that its own entry 0 names, and lists as many chunks as a block has room for. So every chunk is a
/// whole number of blocks, no block is moved off its alignment, and one block in several chunks is all that is spent.
///
/// Not synchronised: the block pool guards it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#include "chime/memory.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

class chunk_list {
 public:
  constexpr chunk_list() noexcept = default;
  /// A list for chunks of that size, in blocks of at least 64 bytes.
  chunk_list(std::size_t block_size, std::size_t chunk_size) noexcept
      : block_size_(block_size), chunk_size_(chunk_size) {}

  /// Whether the next chunk's first block becomes a directory, and so none that can be handed out.
  [[nodiscard]] bool needs_block() const noexcept { return newest_ == nullptr || newest_->count == capacity(); }

  void add(std::byte* chunk) noexcept {
    if (needs_block()) newest_ = ::new (chunk) directory{.older = newest_, .count = 0};
    newest_->entries()[newest_->count++] = chunk;
  }

  /// Whether a block is one that this list's chunks can have handed out. Walks the chunks.
  [[nodiscard]] bool owns(const void* block) const noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(block);
    for (directory* books = newest_; books != nullptr; books = books->older) {
      if (block == books) return false;
      for (std::size_t i = 0; i < books->count; ++i) {
        // Unsigned: an address before the chunk becomes a huge offset.
        const std::uintptr_t offset = address - reinterpret_cast<std::uintptr_t>(books->entries()[i]);
        if (offset < chunk_size_) return offset % block_size_ == 0;
      }
    }
    return false;
  }

  /// Gives every chunk back to where it came from, and with them the list itself.
  void deallocate(const allocator& upstream, std::size_t alignment) noexcept {
    while (newest_ != nullptr) {
      directory* const books = newest_;
      newest_ = books->older;
      // Backwards, because entry 0 is the chunk that the directory lives in.
      for (std::size_t i = books->count; i-- > 0;) {
        upstream.deallocate(upstream.context, books->entries()[i], chunk_size_, alignment);
      }
    }
  }

 private:
  /// Followed by its entries.
  struct directory {
    directory* older;
    std::size_t count;

    std::byte** entries() noexcept { return reinterpret_cast<std::byte**>(this + 1); }
  };

  [[nodiscard]] std::size_t capacity() const noexcept { return (block_size_ - sizeof(directory)) / sizeof(std::byte*); }

  std::size_t block_size_ = 0;
  std::size_t chunk_size_ = 0;
  directory* newest_ = nullptr;
};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
