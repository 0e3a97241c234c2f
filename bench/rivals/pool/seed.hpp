// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The seed's algorithm: releases push onto a lock-free return stack; acquires pop from a list under a mutex, which
/// takes over everything returned, oldest first, when it has run out. The two sides share no cache line.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "rivals/pool/interface.hpp"
#include "rivals/signal/intrusive_stack.hpp"

namespace chime::bench {

class seed_pool : public polled_plainly {
 public:
  static constexpr const char* name = "seed";
  using item = pool_node*;

  explicit seed_pool(std::size_t capacity) : up_front_(capacity) {
    for (pool_node& each : up_front_) returned_.push(each);
  }
  explicit seed_pool(growing) : grows_(true) {}

  class user {
   public:
    explicit user(seed_pool& pool) : pool_(pool) {}
    item acquire() { return pool_.acquire(); }
    void release(item node) { pool_.returned_.push(*node); }

   private:
    seed_pool& pool_;
  };
  using returner = user;

 private:
  item acquire() {
    const std::lock_guard lock(mutex_);
    if (free_ == nullptr) free_ = returned_.take_all();
    if (free_ == nullptr) return grows_ ? made_later_.emplace_back(std::make_unique<pool_node>()).get() : nullptr;
    const item taken = free_;
    free_ = taken->next;
    return taken;
  }

  std::vector<pool_node> up_front_;
  const bool grows_ = false;
  intrusive_stack<pool_node> returned_;
  alignas(64) std::mutex mutex_;
  item free_ = nullptr;
  std::vector<std::unique_ptr<pool_node>> made_later_;
};

}  // namespace chime::bench
