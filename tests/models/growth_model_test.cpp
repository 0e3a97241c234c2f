// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Walks through all events of a pool (src/pool/lifetime.cpp) while it grows by a page: whoever sees that an event was made
/// finds the page that it is in. And whoever sees that the last one was made sees what its maker had seen before.
#include "pool_stage.hpp"

namespace explore = chime::explore;
using namespace chime::models;

namespace {

template <class Walk>
void grow_against(Walk walk) {
  constexpr std::size_t in_a_page = chime::detail::page::cells_per_page;
  pool_stage s(in_a_page, in_a_page + 2);
  std::array<cell*, in_a_page> held{};
  for (cell*& c : held) c = &s.must_acquire(0);
  std::array<cell*, 2> made{};
  explore::threads([&] { made[0] = &s.must_acquire(1); }, [&] { walk(*s.pool); });
  made[1] = &s.must_acquire(0);
  for (cell* const c : held) s.release(*c);
  for (cell* const c : made) s.release(*c);
  s.finish(in_a_page + 2);
}

TEST(growth_model, against_statistics) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    grow_against([](chime::detail::pool& p) {
      const chime::pool_stats seen = p.stats();
      check(seen.made >= seen.held, "the counts are wrong");
    });
  });
}

TEST(growth_model, against_cancel_all) {
  expect_holds({.preemptions = 2, .stale_reads = 1},
               [] { grow_against([](chime::detail::pool& p) { p.cancel_all(); }); });
}

// An event is free all the time: unmade at first, then in a home that nobody has, which the maker of the last one had seen.
TEST(growth_model, exhausted_is_not_said_by_who_sees_that_the_last_was_made) {
  expect_holds({.preemptions = 1, .stale_reads = 1}, [] {
    constexpr std::size_t most = 16;
    pool_stage s(most - 1, most, true);
    std::array<cell*, most - 2> held{};
    for (cell*& c : held) c = &s.must_acquire(0);
    std::optional<cache> mine(std::in_place, *s.pool);
    cell* const out = s.acquire(0, *mine);
    flag back;
    cell* grown = nullptr;
    explore::threads(
        [&] {
          s.in_poll([&] {
            s.release(*out);
            mine.reset();
          });
          back.raise();
        },
        [&] {
          back.await();
          // As one that had looked at the lists and at the homes before.
          if (const auto got = s.pool->grow(); got) grown = &s.own(**got, 2);
        },
        [&] {
          cell* const c = s.acquire(3);
          check(c != nullptr, "exhausted was said although an event was free or unmade all the time");
          s.release(*c);
        });
    if (grown != nullptr) s.release(*grown);
    for (cell* const c : held) s.release(*c);
    s.finish(s.pool->stats().made);
  });
}

}  // namespace
