// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "pool/home.hpp"

#include <algorithm>

#include "memory/allocator.hpp"
#include "sync/misuse.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

home* home::of_event(const cell& c) noexcept {
  auto& p = *static_cast<pool*>(const_cast<cell&>(c).its_page().header.pool);
  return c.lives_in.get() == &p.shared ? nullptr : static_cast<home*>(c.lives_in.get());
}

home* home::settle(pool& p) noexcept {
  if (p.check_open()) return nullptr;
  // Acquire, here and below: pairs with the release that puts a home into the list: all of it is visible.
  for (home* h = p.homes.load(std::memory_order_acquire); h != nullptr; h = h->next) {
    // A relaxed look first, to leave the lines of other homes alone.
    if (h->owner.load(std::memory_order_relaxed) == nobody && h->pass_on(unbound)) {
      h->limit.store(stock_limit, std::memory_order_relaxed);
      return h;
    }
  }
  auto* made = make<home>(p.memory, p);
  if (made == nullptr) return nullptr;
  made->next = p.homes.load(std::memory_order_relaxed);
  // Release: pairs with the acquire of everybody who goes through the list.
  while (!p.homes.compare_exchange_weak(made->next, made, std::memory_order_release, std::memory_order_relaxed)) {
  }
  return made;
}

void home::leave() noexcept {
  give_stock(stocked.load(std::memory_order_relaxed));
  empty_ring();
  taker.store(no_thread, std::memory_order_relaxed);
  // Release: pairs with the acquire in pass_on() and sweep(): the next user finds the stock empty and the ring's place.
  owner.store(nobody, std::memory_order_release);
}

void home::detach() noexcept {
  if (owner.load(std::memory_order_relaxed) == unbound) return;
  if (!is_used_here()) misuse("a cache was detached by a thread that does not use it");
  taker.store(no_thread, std::memory_order_relaxed);
  // Release: not for the next thread, to which the caller hands the cache over by something that synchronises, but as in
  // bind(), for whoever sees this owner in sweep().
  owner.store(unbound, std::memory_order_release);
}

void home::bind() noexcept {
  of->check_process();
  if (owner.load(std::memory_order_relaxed) != unbound)
    misuse("a cache was used by a second thread; the first one must detach it before");
  const bool inline_path = !of->native && !pool::checks_racing_releases;
  // Release: pairs with the acquire in sweep(): whoever sees the ring emptied by an earlier sweep, and then this owner, sees
  // what that sweep gave to the shared side.
  owner.store(sync::this_thread() | (inline_path ? 0 : careful), std::memory_order_release);
  if (inline_path) let_take();
}

/// Either this sees that the pool is closing, or close() sees this home and this taker, and takes it away: both go by
/// read-modify-writes of the pool's state, so that one of them is first.
void home::let_take() noexcept {
  taker.store(sync::this_thread(), std::memory_order_relaxed);
  // Release: pairs with the acquire in close(), whose store to `taker` is then the later one.
  auto open = door::open;
  if (!of->state.compare_exchange_strong(open, door::open, std::memory_order_release, std::memory_order_relaxed))
    taker.store(no_thread, std::memory_order_relaxed);
}

result<cell*> home::acquire() noexcept {
  if (const std::error_code closed = of->check_open()) return std::unexpected(closed);
  if (!is_used_here()) bind();
  result<cell*> got = nullptr;
  do {
    cell* const here = take_fit();
    got = here != nullptr ? here : of->acquire();
    // "None" is true only if nothing lies here either: an event may have come home while the pool looked elsewhere.
  } while (!got.has_value() && got.error() == fault::pool_exhausted && has_more());
  if (got.has_value()) (*got)->lives_in.set(this);
  return got;
}

/// One that lives here, if there is one that is fit for use.
cell* home::take_fit() noexcept {
  // As many tries as lie here now, so that what is given away is not met again; one at least, at what the shared side has.
  std::uint64_t tries = stocked.load(std::memory_order_relaxed) + ring.size();
  do {
    cell* const c = take_one();
    if (c == nullptr) return nullptr;
    const result<cell*> got = of->hand_over(*c);
    if (got.has_value() && *got != nullptr) return c;
    // A native event that is not fit for use now: everybody may have it when it is.
    c->lives_in.set(&of->shared);
    of->give_free(*c);
  } while (tries-- > 1);
  return nullptr;
}

void home::keep(cell& c) noexcept {
  if (!of->retire(c)) return;
  const std::uint64_t count = stocked.load(std::memory_order_relaxed);
  stock[count] = &c;
  stocked.store(count + 1, std::memory_order_relaxed);
  if (count >= limit.load(std::memory_order_relaxed)) spill();
}

void home::adopt(cell& c) noexcept {
  if (!is_used_here()) bind();
  c.lives_in.set(this);
  keep(c);
}

cell* home::take_one() noexcept {
  if (stocked.load(std::memory_order_relaxed) == 0) stock_from_ring();
  if (stocked.load(std::memory_order_relaxed) == 0) stock_from_shared();
  const std::uint64_t count = stocked.load(std::memory_order_relaxed);
  if (count == 0) return nullptr;
  stocked.store(count - 1, std::memory_order_relaxed);
  return static_cast<cell*>(stock[count - 1]);
}

/// Into an empty stock, so that the oldest is on top.
void home::stock_from_ring() noexcept {
  const std::uint32_t count = std::min(ring.size(), sync::ring_batch);
  for (std::uint32_t i = count; i != 0; --i) stock[i - 1] = ring.take();
  stocked.store(count, std::memory_order_relaxed);
}

void home::stock_from_shared() noexcept {
  const auto chain = of->take_free(sync::stock_batch);
  std::uint32_t index = chain.first;
  for (std::uint32_t i = chain.count; i != 0; --i) {
    cell& c = of->pages.at(index);
    index = static_cast<std::uint32_t>(c.next.load(std::memory_order_relaxed));
    c.lives_in.set(this);
    stock[i - 1] = &c;
  }
  stocked.store(chain.count, std::memory_order_relaxed);
}

/// Too many, or somebody found none.
void home::spill() noexcept {
  // Relaxed: a hint. Whoever finds none again says so again.
  const bool all = limit.load(std::memory_order_relaxed) == 0;
  if (all) {
    limit.store(stock_limit, std::memory_order_relaxed);
    empty_ring();
  }
  give_stock(all ? stocked.load(std::memory_order_relaxed) : sync::stock_batch);
}

/// The newest `how_many` of the stock go to everybody.
void home::give_stock(std::uint64_t how_many) noexcept {
  if (how_many == 0) return;
  const std::uint64_t count = stocked.load(std::memory_order_relaxed);
  std::uint32_t first = 0;
  for (std::uint64_t i = count - how_many; i != count; ++i) {
    auto& c = static_cast<cell&>(*stock[i]);
    c.lives_in.set(&of->shared);
    c.next.store(first, std::memory_order_relaxed);
    first = c.index();
  }
  stocked.store(count - how_many, std::memory_order_relaxed);
  of->give_free(first, static_cast<cell&>(*stock[count - how_many]));
}

void home::empty_ring() noexcept {
  for (cell* c = ring.take(); c != nullptr; c = ring.take()) {
    c->lives_in.set(&of->shared);
    of->give_free(*c);
  }
}

/// Empties the ring of a home that nobody has into the shared side, whose heads tell of it, before the home gets this owner:
/// so what was free to everybody does not become a cache's unseen. (What is published meanwhile was never everybody's.)
bool home::pass_on(std::uint64_t next_owner) noexcept {
  std::uint64_t free = nobody;
  // Acquire: pairs with the release of whoever left it.
  if (!owner.compare_exchange_strong(free, sweeping, std::memory_order_acquire, std::memory_order_relaxed))
    return false;
  empty_ring();
  // Release: pairs with the acquire in sweep(): whoever sees this owner sees what was given to the shared side.
  owner.store(next_owner, std::memory_order_release);
  return true;
}

swept home::sweep() noexcept {
  const bool empty = ring.size() == 0;
  // Acquire: pairs with the release in pass_on(): whoever sees the ring empty because another has taken from it sees that he
  // is still at it, or what he gave to the shared side.
  const std::uint64_t seen = owner.load(std::memory_order_acquire);
  if (seen == sweeping) return swept::busy;
  if (empty || seen != nobody) return swept::none;
  return pass_on(nobody) ? swept::some : swept::busy;
}

void home::publish(void* self) noexcept { static_cast<home*>(self)->ring.publish(); }

// The pool's view of its homes.

/// Moves what lies in homes that nobody has to the shared side.
swept pool::sweep_homes() noexcept {
  swept found = swept::none;
  for (home* h = homes.load(std::memory_order_acquire); h != nullptr; h = h->next) {
    const swept here = h->sweep();
    if (here == swept::some || found == swept::none) found = here;
  }
  return found;
}

void pool::tell_hunger() noexcept {
  // Relaxed: hints to the polling thread and to the caches, which look at them at their next release.
  hungry.store(true, std::memory_order_relaxed);
  for (home* h = homes.load(std::memory_order_acquire); h != nullptr; h = h->next) {
    h->limit.store(0, std::memory_order_relaxed);
  }
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
