// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What an event_cache holds: the home that its pool gave it.
#pragma once

#include "pool/home.hpp"
#include "sync/misuse.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

/// Used by one thread at a time.
struct cache {
  pool* of;
  home_front* front;

  /// The home that the pool has for a cache, if there is memory for one.
  [[nodiscard]] static cache settle(pool& p) noexcept {
    home* const place = home::settle(p);
    return {&p, place != nullptr ? place : &p.shared};
  }
  /// Null: there was no memory for one, and the pool serves in its stead.
  [[nodiscard]] home* place() const noexcept { return front == &of->shared ? nullptr : static_cast<home*>(front); }
  void leave() const noexcept {
    if (place() != nullptr) place()->leave();
  }
  void detach() const noexcept {
    if (place() != nullptr) place()->detach();
  }

  [[nodiscard]] result<cell*> acquire() const noexcept {
    return place() != nullptr ? place()->acquire() : of->acquire();
  }
  /// Into this cache, wherever the event came from.
  void release(cell& c) const noexcept {
    if (c.its_page().header.pool != of) misuse("an event was released to another pool's cache");
    if (place() == nullptr) return of->release(c);
    place()->adopt(c);
  }
};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
