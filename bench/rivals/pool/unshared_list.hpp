// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The limit: a list that no other thread knows.
#pragma once

#include <vector>

#include "rivals/pool/interface.hpp"

namespace chime::bench {

class unshared_list_pool : public polled_plainly {
 public:
  static constexpr const char* name = "unshared-list";
  using item = pool_node*;

  explicit unshared_list_pool(std::size_t capacity) : nodes_(capacity) {
    for (pool_node& each : nodes_) push(&each);
  }

  class user {
   public:
    explicit user(unshared_list_pool& pool) : pool_(pool) {}
    item acquire() {
      const item taken = pool_.free_;
      if (taken != nullptr) pool_.free_ = taken->next;
      return taken;
    }
    void release(item node) { pool_.push(node); }

   private:
    unshared_list_pool& pool_;
  };
  using returner = user;

 private:
  void push(item node) {
    node->next = free_;
    free_ = node;
  }

  std::vector<pool_node> nodes_;
  item free_ = nullptr;
};

}  // namespace chime::bench
