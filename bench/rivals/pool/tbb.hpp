// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// tbb::concurrent_queue of pointers.
#pragma once

#include <tbb/concurrent_queue.h>

#include <vector>

#include "rivals/pool/interface.hpp"

namespace chime::bench {

class tbb_pool : public polled_plainly {
 public:
  static constexpr const char* name = "tbb";
  using item = pool_node*;

  explicit tbb_pool(std::size_t capacity) : nodes_(capacity) {
    for (pool_node& each : nodes_) free_.push(&each);
  }

  class user {
   public:
    explicit user(tbb_pool& pool) : pool_(pool) {}
    item acquire() {
      item taken = nullptr;
      pool_.free_.try_pop(taken);
      return taken;
    }
    void release(item node) { pool_.free_.push(node); }

   private:
    tbb_pool& pool_;
  };
  using returner = user;

 private:
  std::vector<pool_node> nodes_;
  tbb::concurrent_queue<item> free_;
};

}  // namespace chime::bench
