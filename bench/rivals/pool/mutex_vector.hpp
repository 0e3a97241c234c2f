// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What one writes first: a vector of what is free, under a mutex.
#pragma once

#include <mutex>
#include <vector>

#include "rivals/pool/interface.hpp"

namespace chime::bench {

class mutex_vector_pool : public polled_plainly {
 public:
  static constexpr const char* name = "mutex-vector";
  using item = pool_node*;

  explicit mutex_vector_pool(std::size_t capacity) : nodes_(capacity) {
    free_.reserve(capacity);
    for (pool_node& each : nodes_) free_.push_back(&each);
  }

  class user {
   public:
    explicit user(mutex_vector_pool& pool) : pool_(pool) {}
    item acquire() {
      const std::lock_guard lock(pool_.mutex_);
      if (pool_.free_.empty()) return nullptr;
      const item taken = pool_.free_.back();
      pool_.free_.pop_back();
      return taken;
    }
    void release(item node) {
      const std::lock_guard lock(pool_.mutex_);
      pool_.free_.push_back(node);
    }

   private:
    mutex_vector_pool& pool_;
  };
  using returner = user;

 private:
  std::vector<pool_node> nodes_;
  alignas(64) std::mutex mutex_;
  std::vector<item> free_;
};

}  // namespace chime::bench
