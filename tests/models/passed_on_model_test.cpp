// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A home that nobody had is given to a new cache, whose thread moves what lay in it to everybody: who sees that thread, or
/// that it has let go again, finds what it moved (src/pool/home.cpp, bind() and detach()).
#include "pool_stage.hpp"

namespace explore = chime::explore;
using namespace chime::models;

namespace {

constexpr std::size_t enough = 16;  // a maximum that lets the polling thread put two releases off

void settle_and_bind(bool then_detach) {
  pool_stage s(enough, enough, true);
  std::array<cell*, enough - 2> held{};
  for (cell*& c : held) c = &s.must_acquire(0);
  std::optional<cache> first(std::in_place, *s.pool);
  cell* const in_ring = s.acquire(0, *first);
  cell* const in_hand = s.acquire(0, *first);
  explore::threads([&] {  // a thread of its own, since the cache's releases into its stock
    s.in_poll([&] {
      s.release(*in_ring);
      first.reset();
    });
  });
  explore::threads(
      [&] {
        cache second(*s.pool);
        s.release(*in_hand, second);
        if (then_detach) second.detach();
      },
      [&] {
        cell* const c = s.acquire(2);
        check(c != nullptr, "exhausted was said although an event was free all the time");
        s.release(*c);
      });
  for (cell* const c : held) s.release(*c);
  s.finish(enough);
}

TEST(passed_on_model, exhausted_is_not_said_when_the_new_owner_is_seen) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] { settle_and_bind(false); });
}

TEST(passed_on_model, exhausted_is_not_said_when_it_is_seen_that_the_new_owner_let_go) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] { settle_and_bind(true); });
}

}  // namespace
