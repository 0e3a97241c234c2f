// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A pool on a modelled machine, with or without a loop, and who holds its events, for the models of src/pool.
#pragma once

#include "between_threads.hpp"
#include "event/cell.hpp"
#include "machine.hpp"
#include "model.hpp"
#include "pool/cache.hpp"
#include "pool/pool.hpp"
#include "proactor/loop.hpp"

#include <array>
#include <optional>
#include <span>

namespace chime::models {

using detail::cell;
using explore::check;

/// A cache as an event_cache has it.
struct cache : detail::cache {
  explicit cache(detail::pool& p) : detail::cache(settle(p)) {}
  cache(const cache&) = delete;
  cache& operator=(const cache&) = delete;
  ~cache() { leave(); }
};

struct pool_stage {
  machine kernel;
  std::optional<proactor> loop;
  std::optional<detail::pool> pool{std::in_place};
  std::array<int, 80> owner{};  // a ghost: 0 is nobody

  pool_stage(std::size_t initial, std::size_t maximum, bool with_loop = false) {
    if (with_loop)
      check(loop.emplace().open({.spin = {}, .memory = kernel.memory()}).has_value(), "the loop did not open");
    pool_options how;
    how.initial_capacity = initial;
    how.maximum_capacity = maximum;
    how.memory = kernel.memory();
    check(!pool->open(polled(), how, nullptr), "the pool did not open");
  }

  [[nodiscard]] detail::loop* polled() const { return loop ? detail::loop_access::of(*loop) : nullptr; }
  /// As the polling thread does in one poll: what `work` releases is published at the end, or when there is enough.
  template <class Work>
  void in_poll(Work work) {
    detail::loop& l = *polled();
    l.polling_thread.store(sync::this_thread(), std::memory_order_relaxed);
    l.polling = true;
    work();
    l.put_off.run_all();
    l.polling = false;
  }

  /// The polling thread in a model: releases these, all in one poll, when it has been told of them.
  void send_back(const flag& handed, std::span<cell* const> out) {
    handed.await();
    in_poll([&] {
      for (cell* c : out) release(*c);
    });
  }

  /// The event is the caller's. Its field would race with anybody else's use of the event.
  cell& own(cell& c, int me) {
    int& holder = owner[c.index()];
    check(holder == 0, "an event has two owners");
    holder = me + 1;
    check(c.word.peek().phase() == detail::phase::idle, "an event that was acquired is not idle");
    c.context.set(&owner);
    return c;
  }
  void disown(cell& c) {
    c.context.set(nullptr);
    owner[c.index()] = 0;
  }

  /// Null: the pool is exhausted.
  [[nodiscard]] cell* acquire(int me) { return owned(pool->acquire(), me); }
  [[nodiscard]] cell* acquire(int me, cache& from) {
    if (detail::event_front* const e = from.front->take(); e != nullptr) return &own(static_cast<cell&>(*e), me);
    return owned(from.acquire(), me);
  }
  [[nodiscard]] cell* owned(result<cell*> got, int me) {
    if (got) return &own(**got, me);
    check(got.error() == fault::pool_exhausted, "acquire failed for another reason than that no event is left");
    return nullptr;
  }
  [[nodiscard]] cell& must_acquire(int me) {
    cell* c = acquire(me);
    check(c != nullptr, "exhausted was said although there was an event");
    return *c;
  }

  /// As the destruction of a handle.
  void release(cell& c) {
    disown(c);
    detail::release(c);
  }
  void release(cell& c, cache& into) {
    disown(c);
    into.release(c);
  }

  /// Every event is back, once: so many were made, and the pool closes.
  void finish(std::size_t made) {
    const pool_stats s = pool->stats();
    check(s.made == made && s.held == 0 && s.free + s.cached + s.retired == s.made, "the counts of the pool are wrong");
    close();
  }
  void close() {
    check(pool->close() == 0, "events are missing when the pool is closed");
    pool.reset();
    if (loop) check(loop->close().has_value(), "the loop did not close");
  }
};

}  // namespace chime::models
