// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What tests of pools, caches and events share: acquiring that must succeed, looks behind the handle.
#pragma once

#include <gtest/gtest.h>

#include <new>
#include <vector>

#include "chime/pool.hpp"
#include "event/cell.hpp"

namespace chime_test {

using chime::detail::cell;
using chime::detail::event_word;
using chime::detail::phase;
using chime::detail::word_value;

/// Why there is no value; no error if there is one.
template <class Result>
[[nodiscard]] std::error_code error_of(const Result& r) {
  return r ? std::error_code{} : r.error();
}

/// Of a pool or a cache; an empty event if it fails, and the test with it.
template <class Source>
[[nodiscard]] chime::event acquire_from(Source& source) {
  auto got = source.acquire();
  if (!got) {
    ADD_FAILURE() << "acquire failed: " << got.error().message();
    return {};
  }
  return std::move(*got);
}

template <class Source>
[[nodiscard]] std::vector<chime::event> acquire_from(Source& source, std::size_t count) {
  std::vector<chime::event> got;
  got.reserve(count);
  while (got.size() < count) {
    got.push_back(acquire_from(source));
    if (!got.back()) break;
  }
  return got;
}

[[nodiscard]] inline cell& cell_of(const chime::event& ev) { return *cell::of(ev); }
[[nodiscard]] inline phase phase_of(const chime::event& ev) { return cell_of(ev).word.peek().phase(); }
/// As if the event had come so far by itself. Nobody else uses it meanwhile.
inline void set_word(const chime::event& ev, word_value value) { new (&cell_of(ev).word) event_word(value); }

/// Fails unless the pool's account is exactly this.
inline void expect_account(const chime::event_pool& pool, std::size_t free, std::size_t cached, std::size_t held,
                           std::size_t retired = 0) {
  const chime::pool_stats s = pool.stats();
  EXPECT_EQ(s.made, free + cached + held + retired);
  EXPECT_EQ(s.free, free);
  EXPECT_EQ(s.cached, cached);
  EXPECT_EQ(s.held, held);
  EXPECT_EQ(s.retired, retired);
}

/// For suites with death tests, which must not depend on what other threads do.
class DeathTestSuite : public testing::Test {
 protected:
  DeathTestSuite() { testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};

}  // namespace chime_test
