// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// moodycamel::ConcurrentQueue with a producer's and a consumer's token for each thread, as its documentation advises.
#pragma once

#include <concurrentqueue/concurrentqueue.h>

#include <new>
#include <vector>

#include "rivals/pool/interface.hpp"

namespace chime::bench {

class moodycamel_pool : public polled_plainly {
 public:
  static constexpr const char* name = "moodycamel";
  using item = pool_node*;

  explicit moodycamel_pool(std::size_t capacity) : nodes_(capacity), free_(capacity) {
    for (pool_node& each : nodes_) check(free_.enqueue(&each));
  }

  class returner {
   public:
    explicit returner(moodycamel_pool& pool) : pool_(pool), in_(pool.free_) {}
    void release(item node) { check(pool_.free_.enqueue(in_, node)); }

   protected:
    moodycamel_pool& pool_;

   private:
    moodycamel::ProducerToken in_;
  };
  class user : public returner {
   public:
    explicit user(moodycamel_pool& pool) : returner(pool), out_(pool.free_) {}
    item acquire() {
      item taken = nullptr;
      pool_.free_.try_dequeue(out_, taken);
      return taken;
    }

   private:
    moodycamel::ConsumerToken out_;
  };

 private:
  static void check(bool enqueued) {
    if (!enqueued) throw std::bad_alloc();
  }

  std::vector<pool_node> nodes_;
  moodycamel::ConcurrentQueue<item> free_;
};

}  // namespace chime::bench
