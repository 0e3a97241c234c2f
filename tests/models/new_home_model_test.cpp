// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A home that is made while other threads go through the list of homes (src/pool/home.cpp): whoever meets it sees it made.
#include "pool_stage.hpp"

namespace explore = chime::explore;
using namespace chime::models;

namespace {

// Who finds nothing goes through the list to look, and once more to say so.
TEST(new_home_model, against_a_thread_that_finds_nothing) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] {
    pool_stage s(1, 1);
    cell& held = s.must_acquire(0);
    explore::threads([&] { cache mine(*s.pool); },
                     [&] { check(s.acquire(2) == nullptr, "an event was acquired twice"); });
    s.release(held);
    s.finish(1);
  });
}

TEST(new_home_model, against_statistics_and_close) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] {
    pool_stage s(1, 1);
    cell& held = s.must_acquire(0);
    explore::threads([&] { cache mine(*s.pool); },
                     [&] {
                       const chime::pool_stats seen = s.pool->stats();
                       check(seen.held == 1 && seen.cached == 0, "the counts are wrong");
                       check(s.pool->close() == 1, "a pool was closed although an event is out");
                     });
    s.release(held);
    s.close();
  });
}

}  // namespace
