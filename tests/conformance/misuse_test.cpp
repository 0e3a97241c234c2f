// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What no result could tell of stops the program, and says what was wrong: the loop, its operations, and events that are
/// used at the wrong moment (D3). The parent's loops are not for a forked child, so each child makes its own.
#include <gtest/gtest.h>

#include <chime/chime.hpp>

namespace conformance {
namespace {

constexpr auto nothing = [](chime::completion&&) {};

class misuse_death_test : public testing::Test {
 protected:
  misuse_death_test() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(misuse_death_test, a_loop_that_is_not_open) {
  chime::proactor loop;
  chime::operation op;
  auto done = nothing;
  EXPECT_DEATH(loop.submit(op, done), "^chime: a proactor that is not open was used");
  EXPECT_DEATH(loop.wake(), "^chime: a proactor that is not open was used");
}

TEST_F(misuse_death_test, the_end_of_a_loop_with_pools_open) {
  const auto end_too_early = [] {
    chime::event_pool pool;
    chime::proactor loop;
    if (loop.open() && pool.open(loop)) return;
  };
  EXPECT_DEATH(end_too_early(), "^chime: a proactor was destroyed with pools open");
}

TEST_F(misuse_death_test, the_end_of_a_loop_with_operations_in_flight) {
  const auto end_too_early = [] {
    auto done = nothing;
    chime::operation op;
    chime::proactor loop;
    if (loop.open()) loop.submit(op, done, chime::never);
  };
  EXPECT_DEATH(end_too_early(), "^chime: a proactor was destroyed with operations in flight");
}

TEST_F(misuse_death_test, the_end_of_a_loop_inside_its_completion) {
  const auto end_too_early = [] {
    auto* const loop = new chime::proactor;
    auto done = [loop](chime::completion&&) { delete loop; };
    chime::operation op;
    if (!loop->open()) return;
    loop->submit(op, done);
    (void)loop->poll();
  };
  EXPECT_DEATH(end_too_early(), "^chime: a proactor was destroyed from inside a completion");
}

TEST_F(misuse_death_test, the_end_of_an_operation_in_flight) {
  const auto end_too_early = [] {
    auto done = nothing;
    chime::proactor loop;
    chime::operation op;
    if (loop.open()) loop.submit(op, done);
  };
  EXPECT_DEATH(end_too_early(), "^chime: an operation was destroyed while it is in flight");
}

TEST_F(misuse_death_test, a_second_submit_of_an_operation) {
  const auto submit_twice = [] {
    auto done = nothing;
    chime::operation op;
    chime::proactor loop;
    if (!loop.open()) return;
    loop.submit(op, done);
    loop.submit(op, done);
  };
  EXPECT_DEATH(submit_twice(), "^chime: an operation was submitted while it is in flight");
}

TEST_F(misuse_death_test, an_empty_event) {
  chime::event none;
  EXPECT_DEATH((void)none.get_ticket(), "^chime: an empty event was used");
  EXPECT_DEATH((void)none.wait(), "^chime: an empty event was used");
}

}  // namespace
}  // namespace conformance
