// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A short check before a pool is measured: nobody gets an item that somebody else has.
#pragma once

#include <cstring>
#include <mutex>
#include <stdexcept>
#include <string>
#include <unordered_set>
#include <vector>

#include "cases/pool_use.hpp"

namespace chime::bench {

/// The items that somebody has, each known by the pointer that it is, or that it consists of.
class owned_items {
 public:
  template <class Item>
  void add(const Item& item) {
    const std::lock_guard lock(mutex_);
    if (!owned_.insert(identity(item)).second) give_up("a pool gave one item to two owners");
  }
  template <class Item>
  void remove(const Item& item) {
    const std::lock_guard lock(mutex_);
    owned_.erase(identity(item));
  }

 private:
  template <class Item>
  static std::uintptr_t identity(const Item& item) {
    static_assert(sizeof item == sizeof(std::uintptr_t));
    std::uintptr_t number = 0;
    std::memcpy(&number, &item, sizeof number);
    return number;
  }
  std::mutex mutex_;
  std::unordered_set<std::uintptr_t> owned_;
};

/// One user: holds `at_once` items, again and again.
template <class Pool>
void check_ownership(Pool& pool, owned_items& owned, std::size_t at_once = 16) {
  typename Pool::user user(pool);
  std::uint64_t times_empty = 0;
  std::vector<item_slot<typename Pool::item>> held(at_once);
  for (int round = 0; round < 50; ++round) {
    for (auto& slot : held) {
      auto item = acquire_in_the_end(user, times_empty);
      owned.add(item);
      slot.put(std::move(item));
    }
    for (auto& slot : held) {
      auto item = slot.take();
      owned.remove(item);
      user.release(std::move(item));
    }
  }
}

template <class Pool>
void verify(Pool& pool) {
  owned_items owned;
  check_ownership(pool, owned);
}

/// Two users on two processors.
template <class Pool>
void verify(Pool& pool, const sampling& how) {
  owned_items owned;
  worker other(how.second_cpu, [&] { check_ownership(pool, owned); });
  check_ownership(pool, owned);
}

}  // namespace chime::bench
