// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Walks through all events of a pool (src/pool/lifetime.cpp) while it grows by a page: whoever sees that an event was made
/// finds the page that it is in.
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

}  // namespace
