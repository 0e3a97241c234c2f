// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Cache lines: which of them a pool's acquires and releases write, and that events do not share any.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <set>

#include "pool_fixture.hpp"

namespace {

using chime_test::acquire_from;
using chime_test::cell_of;

constexpr std::size_t line_size = 64;
using line_set = std::set<std::size_t>;

static_assert(sizeof(chime::detail::cell) == line_size && alignof(chime::detail::cell) == line_size);
static_assert(alignof(chime::event_pool) == line_size && sizeof(chime::event_pool) % line_size == 0);

/// The lines of the pool object that `action` changed. Nobody else uses the pool meanwhile.
template <class Action>
line_set lines_written(const chime::event_pool& pool, Action action) {
  std::array<std::byte, sizeof(chime::event_pool)> before{};
  std::array<std::byte, sizeof(chime::event_pool)> after{};
  std::memcpy(before.data(), static_cast<const void*>(&pool), before.size());
  action();
  std::memcpy(after.data(), static_cast<const void*>(&pool), after.size());
  line_set changed;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] != after[i]) changed.insert(i / line_size);
  }
  return changed;
}

class EventPoolLayout : public testing::Test {
 protected:
  EventPoolLayout() {
    EXPECT_TRUE(loop.open());
    EXPECT_TRUE(pool.open(loop, {.initial_capacity = 10}));
    held = acquire_from(pool, 4);  // all ten serve acquires by now, and six are left
  }
  line_set acquire() {
    return lines_written(pool, [&] { held.push_back(acquire_from(pool)); });
  }
  /// As the polling thread does: inside a completion.
  line_set release() {
    auto drop = [&](chime::completion&&) { held.pop_back(); };
    return lines_written(pool, [&] {
      loop.submit(post, drop);
      EXPECT_EQ(loop.poll().value_or(0), 1U);
    });
  }
  static line_set both(const line_set& a, const line_set& b) {
    line_set common;
    std::ranges::set_intersection(a, b, std::inserter(common, common.end()));
    return common;
  }

  chime::proactor loop;
  chime::operation post;
  chime::event_pool pool;
  std::vector<chime::event> held;
};

TEST_F(EventPoolLayout, P7_ThePollingThreadAndTheProducersWriteDifferentLines) {
  const line_set released = release();
  const line_set acquired = acquire();
  EXPECT_FALSE(released.empty());
  EXPECT_EQ(acquired.size(), 1U);
  EXPECT_EQ(both(released, acquired), line_set{});
  EXPECT_EQ(release(), released);
  EXPECT_EQ(acquire(), acquired);
}

TEST_F(EventPoolLayout, P7_P8_TheirRolesStandOnALineThatOnlyAMigrationWrites) {
  const line_set released = release();
  for (unsigned i = 0; i < 6; ++i) (void)held.emplace_back(acquire_from(pool));
  const line_set migrated = acquire();  // the serving side is empty: what was released migrates
  EXPECT_EQ(migrated.size(), 2U);
  EXPECT_EQ(both(migrated, released).size(), 1U) << "acquires use the line that releases used before";
  const line_set released_now = release();
  EXPECT_EQ(both(released_now, migrated), line_set{}) << "and releases another";
}

TEST_F(EventPoolLayout, NoTwoEventsShareALine) {
  const auto more = acquire_from(pool, 1000);
  std::set<std::uintptr_t> lines;
  for (const auto& ev : more) {
    const auto address = reinterpret_cast<std::uintptr_t>(&cell_of(ev));
    EXPECT_EQ(address % line_size, 0U);
    lines.insert(address / line_size);
  }
  EXPECT_EQ(lines.size(), more.size());
}

TEST_F(EventPoolLayout, P9_WhatThePollingThreadReleasesInOnePollComesBackInTheOrderOfItsReturn) {
  auto all = acquire_from(pool, 6);
  std::vector<const void*> returned;
  auto drop_all = [&](chime::completion&&) {
    for (auto& ev : all) {
      returned.push_back(&cell_of(ev));
      ev.reset();
    }
  };
  loop.submit(post, drop_all);
  ASSERT_EQ(loop.poll().value_or(0), 1U);
  for (const void* expected : returned) EXPECT_EQ(&cell_of(held.emplace_back(acquire_from(pool))), expected);
}

}  // namespace
