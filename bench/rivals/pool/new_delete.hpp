// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// No pool at all: each item comes from the heap. Not aligned to a line, since only then does glibc serve it from the
/// thread's own cache.
#pragma once

#include "rivals/pool/interface.hpp"

namespace chime::bench {

class new_delete_pool : public polled_plainly {
 public:
  static constexpr const char* name = "new-delete";
  struct heap_node {
    heap_node() {}  // NOLINT(modernize-use-equals-default): a default one would clear the node when it is made
    std::uint64_t word;
    std::array<std::byte, 56> rest;
  };
  static_assert(sizeof(heap_node) == 64);
  using item = heap_node*;

  explicit new_delete_pool(std::size_t) {}
  explicit new_delete_pool(growing) {}

  class user {
   public:
    explicit user(new_delete_pool&) {}
    item acquire() { return new heap_node; }
    void release(item node) { delete node; }
  };
  using returner = user;
};

}  // namespace chime::bench
