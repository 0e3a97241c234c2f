// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Native events and the limit of descriptors: nothing leaks, errors are clear, and the pool recovers (P2, P4, D5).
#include "world.hpp"

namespace conformance {
namespace {

void expect_emfile(std::error_code error) {
  EXPECT_EQ(error, std::error_code(EMFILE, std::system_category())) << error.message();
  EXPECT_TRUE(error == chime::errc::resource_exhausted);
}

struct descriptors : in_world {
  [[nodiscard]] unsigned each() const { return GetParam().events == world::kind::native_pipe ? 2 : 1; }
  /// It can be waited for and signalled.
  void expect_works(chime::event&& ev) {
    ASSERT_TRUE(ev);
    const chime::ticket t = ev.get_ticket();
    waiter& w = submit(std::move(ev));
    t.signal();
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::success);
    w.ev.reset();
  }
};
IN_EVERY_NATIVE_WORLD(descriptors);

TEST_P(descriptors, are_all_closed_with_the_pool) {
  const std::size_t before = open_descriptors();
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 50}));
  EXPECT_EQ(open_descriptors(), before + 50 * each());
  {
    std::vector<chime::event> held;
    for (int i = 0; i < 80; ++i) held.push_back(acquire());
    (void)held[3].native_signal();
    (void)held[70].native();
    EXPECT_EQ(open_descriptors(), before + 80 * each());
  }
  expect_works(acquire());
  EXPECT_EQ(pool.close(), 0U);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(descriptors, are_made_by_open_so_that_acquire_makes_none) {
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 10}));
  const std::size_t after_open = open_descriptors();
  std::vector<chime::event> held;
  for (int i = 0; i < 10; ++i) held.push_back(acquire());
  EXPECT_EQ(open_descriptors(), after_open);
}

TEST_P(descriptors, that_run_out_make_open_fail_whole) {
  const std::size_t before = open_descriptors();
  chime::proactor& l = loop;
  chime::event_pool& p = pool;
  const chime::pool_options options = of_this_kind({.initial_capacity = 20});
  for (const unsigned room : {0U, 1U, 19U}) {
    descriptor_limit limit(room);
    const auto opened = p.open(l, options);
    limit.lift();
    ASSERT_FALSE(opened);
    expect_emfile(opened.error());
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_EQ(pool.stats().made, 0U);
    EXPECT_EQ(pool.acquire().error(), chime::fault::pool_closed);
  }
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 20}));
  expect_works(acquire());
}

TEST_P(descriptors, that_run_out_make_growth_fail_and_the_pool_recovers) {
  ASSERT_NO_FATAL_FAILURE(open_pool());
  const std::size_t before = open_descriptors();
  const std::size_t fitting = 10 / each();
  chime::event_pool& p = pool;
  std::vector<chime::event> held;
  descriptor_limit limit(10);
  for (;;) {
    auto got = p.acquire();
    if (!got) {
      expect_emfile(got.error());
      break;
    }
    held.push_back(std::move(*got));
    ASSERT_LE(held.size(), 10U);
  }
  EXPECT_EQ(held.size(), fitting);
  EXPECT_EQ(p.stats().made, held.size()) << "a failed growth leaves no event";
  for (int i = 0; i < 3; ++i) expect_emfile(p.acquire().error());
  for (int i = 0; i < 3; ++i) {
    held.pop_back();
    auto again = p.acquire();
    ASSERT_TRUE(again) << "what comes back is handed out again";
    held.push_back(std::move(*again));
  }
  limit.lift();
  EXPECT_EQ(open_descriptors(), before + fitting * each());
  expect_works(std::move(held.back()));
  for (int i = 0; i < 20; ++i) held.push_back(acquire());
  held.clear();
  expect_works(acquire());
}

TEST_P(descriptors, that_run_out_while_a_shared_primitive_is_replaced_do_no_harm) {
  ASSERT_NO_FATAL_FAILURE(open_pool({.maximum_capacity = 1}));
  chime::event ev = acquire();
  (void)ev.native_signal();
  const std::size_t before = open_descriptors();
  ev.reset();
  chime::event_pool& p = pool;
  descriptor_limit limit(0);
  auto again = p.acquire();
  limit.lift();
  ASSERT_TRUE(again) << "the old one makes room for the new one";
  EXPECT_EQ(open_descriptors(), before);
  expect_works(std::move(*again));
}

TEST_P(descriptors, are_closed_by_trim_and_made_again_by_acquire) {
  const std::size_t before = open_descriptors();
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 20}));
  pool.trim();
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(pool.stats().made, 20U) << "the events stay";
  pool.trim();
  EXPECT_EQ(open_descriptors(), before);
  for (int i = 0; i < 3; ++i) expect_works(acquire());
  std::vector<chime::event> held;
  for (int i = 0; i < 20; ++i) held.push_back(acquire());
  EXPECT_EQ(pool.stats().made, 20U);
  EXPECT_EQ(open_descriptors(), before + 20 * each());
  for (chime::event& ev : held) expect_works(std::move(ev));
}

TEST_P(descriptors, of_every_free_event_are_closed_by_trim_whatever_came_before) {
  const std::size_t before = open_descriptors();
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 10}));
  for (std::size_t used = 0; used <= 10; ++used) {
    std::vector<chime::event> held;
    for (std::size_t i = 0; i < used; ++i) held.push_back(acquire());
    held.clear();  // some have come back, the others have never been out
    pool.trim();
    EXPECT_EQ(open_descriptors(), before) << used << " of 10 were used before";
    for (int i = 0; i < 10; ++i) held.push_back(acquire());
    EXPECT_EQ(open_descriptors(), before + 10 * each());
  }
}

TEST_P(descriptors, of_events_that_are_out_stay_when_others_are_trimmed) {
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 5}));
  const std::size_t before = open_descriptors();
  chime::event held = acquire();
  chime::event waiting = acquire();
  const chime::ticket t = waiting.get_ticket();
  waiter& w = submit(std::move(waiting));
  let_the_loop_see();
  pool.trim();
  EXPECT_EQ(open_descriptors(), before - 3 * each());
  t.signal();
  ASSERT_TRUE(complete(w));
  EXPECT_EQ(w.outcome(), outcome::success);
  expect_works(std::move(held));
}

TEST_P(descriptors, that_run_out_after_trim_make_acquire_fail_until_there_is_room) {
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 2, .maximum_capacity = 2}));
  pool.trim();
  const std::size_t trimmed = open_descriptors();
  chime::event_pool& p = pool;
  descriptor_limit limit(0);
  for (int i = 0; i < 5; ++i) expect_emfile(p.acquire().error());
  limit.lift();
  EXPECT_EQ(open_descriptors(), trimmed);
  EXPECT_EQ(pool.stats().free, 2U) << "no event was lost";
  chime::event a = acquire();
  expect_works(acquire());
  expect_works(std::move(a));
}

TEST_P(descriptors, do_not_leak_when_a_thousand_uses_pass_through_strangers_hands) {
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 4}));
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 300; ++i) {
    chime::event ev = acquire();
    ASSERT_TRUE(foreign_signal(ev.native_signal().value(), GetParam().events));
    if (i % 3 == 0) ev.foreign_use_ended();
    if (i % 50 == 0) expect_works(std::move(ev));
  }
  EXPECT_EQ(open_descriptors(), before);
}

using loop_descriptors = in_world;
ON_EVERY_BACKEND(loop_descriptors);

TEST_P(loop_descriptors, are_all_closed_with_the_loop) {
  ASSERT_TRUE(loop.close());
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(loop.open(on_this_backend()));
    EXPECT_GT(open_descriptors(), before);
    if (i % 2 == 0) loop.poll().value();
    ASSERT_TRUE(loop.close());
    EXPECT_EQ(open_descriptors(), before);
  }
}

TEST_P(loop_descriptors, that_run_out_make_open_fail_and_leave_nothing_behind) {
  ASSERT_TRUE(loop.poll());
  const std::size_t needed = open_descriptors();
  ASSERT_TRUE(loop.close());
  const std::size_t before = open_descriptors();
  chime::proactor& l = loop;
  const chime::proactor_options options = on_this_backend();
  for (std::size_t room = 0; room < needed - before; ++room) {
    descriptor_limit limit(static_cast<unsigned>(room));
    const auto opened = l.open(options);
    limit.lift();
    ASSERT_FALSE(opened) << "with room for " << room;
    EXPECT_EQ(opened.error(), std::error_code(EMFILE, std::system_category()));
    EXPECT_TRUE(opened.error() == chime::errc::resource_exhausted);
    EXPECT_EQ(open_descriptors(), before);
    EXPECT_EQ(loop.close().error(), chime::fault::loop_closed);
  }
  ASSERT_TRUE(loop.open(on_this_backend()));
}

}  // namespace
}  // namespace conformance
