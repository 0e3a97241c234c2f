// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A million events in user space need no descriptor (D1).
#include "world.hpp"

namespace conformance {
namespace {

using million = in_world;
ON_EVERY_BACKEND(million);

TEST_P(million, events_are_out_at_once_under_a_limit_of_64_descriptors) {
  constexpr std::size_t count = sanitized ? 100'000 : 1'000'000;
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{64, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  std::size_t completed = 0;
  auto callback = [&](const chime::completion& c) { completed += c.error ? 0 : 1; };
  ASSERT_NO_FATAL_FAILURE(open_pool());
  std::vector<chime::ticket> tickets;
  tickets.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    auto ev = pool.acquire();
    ASSERT_TRUE(ev) << i << ": " << ev.error().message();
    tickets.push_back(ev->get_ticket());
    std::move(*ev).submit(callback);
  }
  EXPECT_EQ(pool.stats().held, count);
  for (const chime::ticket& t : tickets) t.signal();
  ASSERT_TRUE(poll_until([&] { return completed == count; }));
  EXPECT_EQ(loop.stats().completions, count);
  const chime::pool_stats stats = pool.stats();
  EXPECT_EQ(stats.made, count);
  EXPECT_EQ(stats.free, count);
  for (std::size_t i = 0; i < count; i += 1000) EXPECT_EQ(tickets[i].signal(), signal_result::stale);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace conformance
