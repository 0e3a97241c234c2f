// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Acquire and release, caches, opening and closing of pools.
#include <cerrno>

#include "event/native.hpp"
#include "world.hpp"

namespace chime::simulation {
namespace {

[[nodiscard]] bool is_shortage(std::error_code error) {
  return error == std::errc::not_enough_memory || error == std::errc::too_many_files_open ||
         error == std::errc::too_many_files_open_in_system;
}

}  // namespace

/// One that the present thread may use.
cache_use* world::pick_cache(unsigned pool) {
  cache_use& c = caches_[one_of(caches_.size())];
  const bool mine = c.bound == static_cast<int>(s_.thread()) || (c.bound == cache_use::nobody && !c.in_call);
  return c.cache && c.pool == pool && mine && s_.thread() != outside ? &c : nullptr;
}

void world::acquire() {
  const unsigned which = one_of(pools_.size());
  pool_use& p = pools_[which];
  if (!p.open || p.in_close || uses_.size() == most_uses) return;
  cache_use* const c = pick_cache(which);
  const std::uint64_t memory = s_.heap.refused();
  const std::uint64_t descriptors = s_.os.refused();
  const std::uint64_t acts = acts_;
  ++p.calls;
  if (c != nullptr) {
    c->bound = static_cast<int>(s_.thread());
    c->in_call = true;
  }
  result<event> got = c != nullptr ? c->cache->acquire() : p.pool.acquire();
  if (c != nullptr) c->in_call = false;
  --p.calls;
  took(got, p, memory, descriptors, acts);
  if (!got) return;
  if (c != nullptr) s_.note(step::acquired_from_cache);
  begin_use(std::move(*got), p);
}

/// What an acquire may say.
void world::took(const result<event>& got, pool_use& p, std::uint64_t memory_before, std::uint64_t descriptors_before,
                 std::uint64_t acts_before) {
  if (got) {
    require(!p.closing, "a closing pool hands out an event");
    return;
  }
  const std::error_code error = got.error();
  if (error == fault::pool_exhausted) {
    s_.note(step::found_exhausted, static_cast<std::int64_t>(p.out));
    // With caches, and with calls under way, others may have what is free.
    const bool alone = s_.depth() == 0 && acts_ == acts_before && !p.had_caches;
    require(!alone || p.out == p.options.maximum_capacity, "a pool says exhausted although it is not",
            static_cast<std::int64_t>(p.out), static_cast<std::int64_t>(p.options.maximum_capacity));
  } else if (error == fault::pool_closed) {
    s_.note(step::found_closed);
    require(p.closing, "an open pool says closed");
  } else {
    const bool no_memory = error == std::errc::not_enough_memory;
    s_.note(no_memory ? step::found_no_memory : step::found_no_descriptor);
    const bool caused = (no_memory && s_.heap.refused() != memory_before) || s_.os.refused() != descriptors_before;
    require(is_shortage(error) && caused, "an acquire fails without cause", error.value());
  }
}

event_use& world::begin_use(event&& ev, pool_use& p) {
  event_use& u = uses_.emplace_back();
  u.id = static_cast<unsigned>(uses_.size());
  u.pool = static_cast<unsigned>(&p - pools_.data());
  u.ev = std::move(ev);
  u.token = u.ev.get_ticket();
  ++p.out;
  s_.note(step::acquired, u.id, u.pool);
  require(!u.token.expired(), "a fresh event has an expired ticket", u.id);
  require(p.out <= p.options.maximum_capacity, "a pool hands out more than its maximum", u.id);
  for (const event_use& other : uses_) {
    require(&other == &u || other.where == event_use::place::gone || other.dead || !(other.token == u.token),
            "an event is handed out twice", u.id, other.id);
  }
  if (p.options.native) {
    const detail::primitive_handles handles = detail::cell::of(u.ev)->native()->handles;
    u.read_handle = handles.read;
    u.write_handle = handles.write;
    const int file = s_.os.file_of(u.read_handle);
    require(file >= 0, "a native event has no primitive", u.id);
    require(s_.os.content(file) == 0, "an event comes back signalled", u.id);
  }
  return u;
}

void world::release(event_use& u) {
  if (u.foreign_writing != 0) return;
  pool_use& p = pool_of(u);
  cache_use* const c = one_of(2) == 0 ? pick_cache(u.pool) : nullptr;
  u.where = event_use::place::gone;
  --p.out;
  if (c != nullptr) {
    s_.note(step::released_to_cache, u.id);
    c->bound = static_cast<int>(s_.thread());
    c->cache->release(std::move(u.ev));
  } else {
    s_.note(step::released, u.id);
    u.ev.reset();
  }
  require(u.token.expired(), "a released event has a ticket that is not expired", u.id);
}

void world::use_cache() {
  cache_use& c = caches_[one_of(caches_.size())];
  if (c.in_call || s_.thread() == outside) return;
  const bool mine = c.bound == static_cast<int>(s_.thread());
  if (!c.cache) {
    const unsigned which = one_of(pools_.size());
    pool_use& p = pools_[which];
    if (!p.open || p.closing || p.in_close) return;
    s_.note(step::cache_made);
    c.in_call = true;
    c.pool = which;
    ++p.caches;
    p.had_caches = true;
    c.cache.emplace(p.pool);
    c.in_call = false;
  } else if (mine && one_of(2) == 0) {
    s_.note(step::cache_detached);
    c.cache->detach();
    c.bound = cache_use::nobody;
  } else if (mine || c.bound == cache_use::nobody) {
    leave_cache(c);
  }
}

void world::leave_cache(cache_use& c) {
  s_.note(step::cache_destroyed);
  c.in_call = true;
  c.cache.reset();
  c.bound = cache_use::nobody;
  c.in_call = false;
  --pools_[c.pool].caches;
}

void world::reopen_pool() {
  pool_use& p = pools_[one_of(pools_.size())];
  if (p.in_close || p.calls != 0) return;
  if (!p.open) return open_pool(p);
  // Calls on it must be over.
  for (const event_use& u : uses_) {
    if (&pool_of(u) == &p && !u.dead && u.signalling != 0) return;
  }
  if (p.caches == 0) close_pool(p);
}

void world::open_pool(pool_use& p) {
  p.options = {.initial_capacity = one_of(6),
               .native = one_of(2) == 0,
               .kind = static_cast<primitive>(one_of(3)),
               .memory = s_.heap.get()};
  p.options.maximum_capacity =
      p.options.initial_capacity + 1 +
      static_cast<std::size_t>(s_.random.between(s_.how.crowded ? 16 : 0, s_.how.crowded ? 40 : 24));
  const std::int64_t blocks = s_.heap.blocks_out();
  const std::uint32_t numbers = s_.os.open_numbers();
  const std::uint64_t acts = acts_;
  const std::uint64_t refused = s_.heap.refused() + s_.os.refused();
  p.in_close = true;  // nobody else uses it meanwhile
  const result<void> opened = p.pool.open(loop_, p.options);
  p.in_close = false;
  if (opened) {
    s_.note(step::pool_opened, static_cast<std::int64_t>(p.options.maximum_capacity), p.options.native ? 1 : 0);
    p.open = true;
    p.closing = false;
    p.had_caches = false;
    p.out = p.stale = 0;
    return;
  }
  s_.note(step::pool_open_failed, opened.error().value());
  require(is_shortage(opened.error()) && s_.heap.refused() + s_.os.refused() != refused,
          "a pool cannot be opened without cause", opened.error().value());
  require(acts_ != acts || (s_.heap.blocks_out() == blocks && s_.os.open_numbers() == numbers),
          "a failed open of a pool left something behind", s_.heap.blocks_out() - blocks);
}

void world::close_pool(pool_use& p) {
  p.in_close = true;
  const std::size_t left = p.pool.close();
  p.in_close = false;
  p.closing = true;
  // What the polling thread has released in this poll counts as out for others.
  const bool exact = s_.thread() == 0;
  require(exact ? left == p.out : left >= p.out, "a pool's close tells another number than are out",
          static_cast<std::int64_t>(left), static_cast<std::int64_t>(p.out));
  s_.note(left == 0 ? step::pool_closed : step::pool_still_out, static_cast<std::int64_t>(left));
  if (left != 0) return;
  p.open = false;
  for (event_use& u : uses_) u.dead = u.dead || &pool_of(u) == &p;
}

void world::look_at_stats(pool_use& p) {
  s_.note(step::looked_at_stats);
  const pool_stats s = p.pool.stats();
  require(s.made == s.free + s.cached + s.held + s.retired, "a pool's statistics do not add up",
          static_cast<std::int64_t>(s.made));
  require(s.held == p.out, "a pool tells another number held", static_cast<std::int64_t>(s.held),
          static_cast<std::int64_t>(p.out));
  require(s.made <= p.options.maximum_capacity && s.retired == 0, "a pool has made too many");
  require(s.cached <= p.caches * event_cache::limit, "caches keep more than their limit",
          static_cast<std::int64_t>(s.cached));
  require(s.stale_signals == p.stale, "a pool counts other stale signals", static_cast<std::int64_t>(s.stale_signals),
          static_cast<std::int64_t>(p.stale));
}

}  // namespace chime::simulation
