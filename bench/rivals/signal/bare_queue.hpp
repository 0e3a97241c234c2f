// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The limit for a ready queue: pushes an intrusive node, takes all, calls a function for each. No word, no wait, no
/// sleep, nothing refused.
#pragma once

#include <vector>

#include "rivals/signal/interface.hpp"
#include "rivals/signal/intrusive_stack.hpp"

namespace chime::bench {

template <class Handler>
class bare_queue_loop {
 public:
  static constexpr const char* name = "bare-queue";

  bare_queue_loop(layout l, Handler& handler) : handler_(handler), slots_(l.total()) {
    for (unsigned i = 0; i < slots_.size(); ++i) {
      slots_[i].function = [](void* self, unsigned slot) { static_cast<bare_queue_loop*>(self)->handler_(slot); };
      slots_[i].context = this;
      slots_[i].number = i;
    }
  }
  void open() {}
  void close() {}
  void arm(unsigned) {}
  void poll(bool) {
    for (node* n = queue_.take_all(); n != nullptr;) {
      node* const newer = n->next;
      n->function(n->context, n->number);
      n = newer;
    }
  }

  class producer {
   public:
    producer(bare_queue_loop& loop, unsigned) : loop_(loop) {}
    void signal(unsigned slot) { loop_.queue_.push(loop_.slots_[slot]); }

   private:
    bare_queue_loop& loop_;
  };

 private:
  struct alignas(64) node {
    node* next = nullptr;
    void (*function)(void*, unsigned) = nullptr;
    void* context = nullptr;
    unsigned number = 0;
  };
  Handler& handler_;
  std::vector<node> slots_;
  intrusive_stack<node> queue_;
};

}  // namespace chime::bench
