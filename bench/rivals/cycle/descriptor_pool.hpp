// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// For the rivals whose events are eventfds: the seed's pool, with an eventfd behind each of its nodes.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

#include "rivals/pool/seed.hpp"
#include "rivals/signal/eventfd.hpp"
#include "rivals/signal/uring_linked.hpp"

namespace chime::bench {

/// An event, made once.
struct descriptor_event {
  descriptor_event* next = nullptr;  ///< for lists of whoever holds it
  event_descriptor descriptor;
  event_count count = 0;
  pool_node* node = nullptr;  ///< which names it in the pool, by its word
};

class descriptor_pool {
 public:
  explicit descriptor_pool(unsigned capacity) : pool_(capacity), events_(capacity) {
    for (descriptor_event& e : events_) {
      e.node = user_.acquire();
      e.node->word = static_cast<std::uint64_t>(&e - events_.data());
    }
    for (descriptor_event& e : events_) release(e);
  }
  template <class Use>
  void for_each(Use use) {
    for (descriptor_event& e : events_) use(e);
  }

  [[nodiscard]] descriptor_event& acquire() {
    pool_node* const node = user_.acquire();
    if (node == nullptr) throw std::runtime_error("no event is free");
    return events_[node->word];
  }
  void release(descriptor_event& e) {
    pool_node* node = e.node;
    user_.release(std::move(node));
  }

 private:
  seed_pool pool_;
  seed_pool::user user_{pool_};
  std::vector<descriptor_event> events_;
};

}  // namespace chime::bench
