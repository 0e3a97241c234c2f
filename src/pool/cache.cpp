// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "pool/cache.hpp"

#include "sync/misuse.hpp"

namespace chime {
inline namespace v1 {
namespace detail {

// All links and counts here are accessed relaxed: they are the owner's, and the pool's push publishes what it is given.

cache::cache(pool& p) noexcept : home(&p) {
  const std::lock_guard guard(p.caches_lock);
  next = p.caches;
  if (next != nullptr) next->previous = this;
  p.caches = this;
}

cache::~cache() {
  publish(stock());
  const std::lock_guard guard(home->caches_lock);
  (previous != nullptr ? previous->next : home->caches) = next;
  if (next != nullptr) next->previous = previous;
}

cell& cache::take_one() noexcept {
  cell& c = home->pages.at(first);
  first = static_cast<std::uint32_t>(c.next.load(std::memory_order_relaxed));
  count.store(stock() - 1, std::memory_order_relaxed);
  return c;
}

void cache::put_one(cell& c) noexcept {
  c.next.store(first, std::memory_order_relaxed);
  first = c.index();
  count.store(stock() + 1, std::memory_order_relaxed);
}

/// The newest `how_many` go to everybody.
void cache::publish(std::uint32_t how_many) noexcept {
  if (how_many == 0) return;
  const std::uint32_t newest = first;
  std::uint32_t last = 0;
  for (std::uint32_t i = 0; i < how_many; ++i) last = take_one().index();
  home->give_free(newest, last);
}

result<cell*> cache::acquire() noexcept {
  if (const std::error_code closed = home->check_open()) return std::unexpected(closed);
  if (stock() == 0) {
    const auto chain = home->take_free(batch);
    first = chain.first;
    count.store(chain.count, std::memory_order_relaxed);
    if (chain.count == 0) return home->acquire();
  }
  cell& c = take_one();
  result<cell*> got = home->hand_over(c);
  if (got.has_value() && *got != nullptr) return got;
  // A native event that is not fit for use now: the pool, which may try several, looks for another.
  const std::uint32_t index = c.index();
  home->give_free(index, index);
  return home->acquire();
}

void cache::release(cell& c) noexcept {
  if (c.home().header.pool != home) misuse("an event was released to another pool's cache");
  if (!home->retire(c)) return;
  put_one(c);
  // Somebody found no event: then all go back. Exchange, so that one cache alone answers; relaxed, a hint.
  if (home->hungry.load(std::memory_order_relaxed) && home->hungry.exchange(false, std::memory_order_relaxed)) {
    publish(stock());
  } else if (stock() == event_cache::limit) {
    publish(batch);
  }
}

}  // namespace detail
}  // namespace v1
}  // namespace chime
