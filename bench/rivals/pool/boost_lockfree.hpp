// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// boost::lockfree::stack of pointers, of fixed size, so that it never allocates.
#pragma once

#include <boost/lockfree/policies.hpp>
#include <boost/lockfree/stack.hpp>
#include <stdexcept>
#include <vector>

#include "rivals/pool/interface.hpp"

namespace chime::bench {

class boost_lockfree_pool : public polled_plainly {
 public:
  static constexpr const char* name = "boost-lockfree";
  using item = pool_node*;

  explicit boost_lockfree_pool(std::size_t capacity) : nodes_(capacity), free_(capacity) {
    for (pool_node& each : nodes_) push(&each);
  }

  class user {
   public:
    explicit user(boost_lockfree_pool& pool) : pool_(pool) {}
    item acquire() {
      item taken = nullptr;
      pool_.free_.pop(taken);
      return taken;
    }
    void release(item node) { pool_.push(node); }

   private:
    boost_lockfree_pool& pool_;
  };
  using returner = user;

 private:
  void push(item node) {
    if (!free_.bounded_push(node)) throw std::runtime_error("boost::lockfree::stack is full");
  }

  std::vector<pool_node> nodes_;
  boost::lockfree::stack<item, boost::lockfree::fixed_sized<true>> free_;
};

}  // namespace chime::bench
