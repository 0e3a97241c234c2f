// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Cache lines: which of them a pool's acquires and releases write, and that events do not share any.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <set>

#include "pool_fixture.hpp"

namespace {

using chime_test::acquire_from;
using chime_test::cell_of;

constexpr std::size_t line_size = 64;
using line_set = std::set<std::size_t>;

static_assert(sizeof(chime::detail::cell) == line_size && alignof(chime::detail::cell) == line_size);
static_assert(alignof(chime::event_pool) == line_size && sizeof(chime::event_pool) % line_size == 0);
static_assert(alignof(chime::event_cache) == line_size && sizeof(chime::event_cache) % line_size == 0);

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
    EXPECT_TRUE(pool.open({.initial_capacity = 10}));
    held = acquire_from(pool, 4);  // all ten serve acquires by now, and six are left
  }
  line_set acquire() {
    return lines_written(pool, [&] { held.push_back(acquire_from(pool)); });
  }
  line_set release() {
    return lines_written(pool, [&] { held.pop_back(); });
  }

  chime::event_pool pool;
  std::vector<chime::event> held;
};

TEST_F(EventPoolLayout, P7_ReleasesAndAcquiresEachWriteALineOfTheirOwn) {
  const line_set released = release();
  const line_set acquired = acquire();
  EXPECT_EQ(released.size(), 1U);
  EXPECT_EQ(acquired.size(), 1U);
  EXPECT_NE(released, acquired);
  EXPECT_EQ(release(), released);
  EXPECT_EQ(acquire(), acquired);
}

TEST_F(EventPoolLayout, P7_P8_TheirRolesStandOnAThirdLineThatOnlyAMigrationWrites) {
  const line_set released = release();
  for (unsigned i = 0; i < 6; ++i) (void)held.emplace_back(acquire_from(pool));
  line_set migrated = acquire();  // the serving side is empty: what was released migrates
  ASSERT_EQ(migrated.size(), 2U);
  EXPECT_TRUE(migrated.contains(*released.begin())) << "acquires use the line that releases used before";
  migrated.erase(*released.begin());
  const line_set released_now = release();
  EXPECT_EQ(released_now.size(), 1U);
  EXPECT_NE(released_now, released) << "and releases the other";
  EXPECT_NE(released_now, migrated);
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

TEST_F(EventPoolLayout, P9_WhatMigratesTogetherComesBackNewestFirst) {
  held.clear();
  auto all = acquire_from(pool, 10);
  std::vector<const void*> returned;
  for (auto& ev : all) {
    returned.push_back(&cell_of(ev));
    ev.reset();
  }
  for (auto& ev : all) {
    ev = acquire_from(pool);
    EXPECT_EQ(&cell_of(ev), returned.back());
    returned.pop_back();
  }
}

}  // namespace
