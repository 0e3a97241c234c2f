// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Pockets (src/pool/pocket.hpp) against a thread that finds none: it has to look at all of them twice.
#include "pool_stage.hpp"

namespace explore = chime::explore;
using namespace chime::models;

namespace {

// One event comes into the pocket that has been looked at, before the other goes out of the one that has not.
TEST(pockets_model, exhausted_is_not_said_while_events_pass_from_pocket_to_pocket) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    pool_stage s(2, 2);
    cell& one = s.must_acquire(0);
    cell& other = s.must_acquire(0);
    s.release(one);  // into the pocket of threads with odd numbers: the body is 1, and the threads are 2, 3 and 4
    flag released;
    std::array<cell*, 2> got{};
    explore::threads([&] { got[0] = s.acquire(1); },
                     [&] {
                       released.await();
                       got[1] = s.acquire(2);
                     },
                     [&] {
                       s.release(other);
                       released.raise();
                     });
    for (cell* const c : got) {
      check(c != nullptr, "exhausted was said although an event was free all the time");
      s.release(*c);
    }
    s.finish(2);
  });
}

}  // namespace
