// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// An eventfd from the pool; its wait, a POLL linked to a READ, is submitted by the polling thread.
#pragma once

#include <cstdint>
#include <memory>

#include "rivals/cycle/descriptor_pool.hpp"
#include "rivals/signal/intrusive_stack.hpp"
#include "rivals/signal/uring_linked.hpp"

namespace chime::bench {

template <class Handler>
class uring_linked_cycle {
 public:
  static constexpr const char* name = "uring-linked";

  uring_linked_cycle(unsigned in_flight, Handler& handler) : handler_(handler), pool_(in_flight) {}
  void open() { ring_ = std::make_unique<uring>(256, uring::for_a_loop); }
  void close() { ring_.reset(); }
  void poll() {
    for (descriptor_event* e = submitted_.take_all(); e != nullptr;) {
      descriptor_event* const newer = e->next;
      wait_linked(*ring_, e->descriptor, e->count, reinterpret_cast<std::uintptr_t>(e));
      e = newer;
    }
    ring_->poll(false, [this](std::uint64_t value, int result) {
      checked_code(result, "POLL and READ of an eventfd");
      handler_();
      pool_.release(*reinterpret_cast<descriptor_event*>(value));
    });
  }

  class producer {
   public:
    explicit producer(uring_linked_cycle& cycle) : cycle_(cycle) {}
    void use() {
      descriptor_event& used = cycle_.pool_.acquire();
      // The ring belongs to the polling thread, so a wait travels there. Once it has been submitted the event is the
      // loop's, but the descriptor stays open.
      cycle_.submitted_.push(used);
      used.descriptor.write();
    }

   private:
    uring_linked_cycle& cycle_;
  };

 private:
  Handler& handler_;
  descriptor_pool pool_;
  intrusive_stack<descriptor_event> submitted_;
  std::unique_ptr<uring> ring_;
};

}  // namespace chime::bench
