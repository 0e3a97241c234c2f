// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What the pool cases do with items.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "cases/worker.hpp"
#include "harness/job.hpp"
#include "harness/statistics.hpp"
#include "rivals/pool/interface.hpp"

namespace chime::bench {

/// Room for an item. Putting and taking moves it as a pointer is moved: neither leaves an empty handle behind, which
/// would be one more write for those whose items own something.
template <class Item>
class item_slot {
 public:
  item_slot() noexcept {}   // NOLINT(modernize-use-equals-default): the union's item must not begin to live
  ~item_slot() noexcept {}  // NOLINT(modernize-use-equals-default): nor must it end here
  item_slot(const item_slot&) = delete;
  item_slot& operator=(const item_slot&) = delete;
  void put(Item&& item) { std::construct_at(&item_, std::move(item)); }
  [[nodiscard]] Item take() {
    Item taken = std::move(item_);
    std::destroy_at(&item_);
    return taken;
  }

 private:
  union {
    Item item_;
  };
};

/// The compiler must not know what a pool holds now, as if others had used it. Called while no item is in hand: an
/// owning handle would be forced into memory.
[[gnu::always_inline]] inline void let_others_act() { std::atomic_signal_fence(std::memory_order_seq_cst); }

/// Acquires and touches. A pool that says that it is empty is asked again; `times_empty` tells how often that was.
template <class User>
[[gnu::always_inline]] inline auto acquire_in_the_end(User& user, std::uint64_t& times_empty) {
  let_others_act();
  auto item = user.acquire();
  if (!item) [[unlikely]] {
    patience waiting("an item of a pool");
    do {
      ++times_empty;
      waiting.spin();
      item = user.acquire();
    } while (!item);
  }
  touch(item);
  return item;
}

/// For the cases with one thread: the C library leaves out the atomic operations of a mutex or of malloc until the
/// program has started a thread, but programs that need a pool have some.
inline void become_multithreaded() {
  std::thread([] {}).join();
}

/// Acquires and releases one item again and again. Neither inlined nor cloned, so that every caller runs the same code.
template <class User>
[[gnu::noinline, gnu::noclone]] void cycle(User& user, int times) {
  std::uint64_t times_empty = 0;
  for (int i = 0; i < times; ++i) user.release(acquire_in_the_end(user, times_empty));
}

/// Nanoseconds for one of the `units` in a call of `work`: the median of all calls in 20 ms, after one tenth of them.
template <class Work>
double median_ns(const sampling& how, std::size_t units, Work work) {
  const std::int64_t span_ns = how.quick ? 3'000'000 : 20'000'000;
  std::vector<double> found;
  for (const std::int64_t warm_end_ns = now_ns() + span_ns / 10; now_ns() < warm_end_ns;) work();
  for (std::int64_t begin_ns = now_ns(), end_ns = begin_ns + span_ns; begin_ns < end_ns;) {
    work();
    const std::int64_t after_ns = now_ns();
    found.push_back(static_cast<double>(after_ns - begin_ns) / static_cast<double>(units));
    begin_ns = after_ns;
  }
  return summarise(std::move(found)).median;
}

}  // namespace chime::bench
