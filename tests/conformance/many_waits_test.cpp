// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// More waits than any queue of the kernel has room for, submitted before the first poll: a loop that cannot cope
/// wedges for good, as others do after 128.
#include "world.hpp"

namespace conformance {
namespace {

struct many_waits : in_world {
  /// As many as the limit of descriptors allows, and 10,000 at most.
  [[nodiscard]] std::size_t many() const {
    const std::size_t limit = raise_descriptor_limit();
    const std::size_t each = GetParam().events == world::kind::native_pipe ? 2 : 1;
    return GetParam().native() ? std::min<std::size_t>(10'000, (limit - 200) / each) : 10'000;
  }
  void submit_all(std::size_t count) {
    tickets.reserve(count);
    while (tickets.size() < count) {
      chime::event ev = acquire();
      ASSERT_TRUE(ev);
      tickets.push_back(ev.get_ticket());
      std::move(ev).submit(chime::callback::to<&many_waits::done>(*this));
    }
  }
  void done(chime::completion&& c) {
    ++completions[static_cast<std::size_t>(outcome_of(c.error))];
    c.ev.reset();
  }
  [[nodiscard]] std::size_t count_of(outcome o) const { return completions[static_cast<std::size_t>(o)]; }

  std::vector<chime::ticket> tickets;
  std::array<std::size_t, 5> completions{};
};
IN_EVERY_WORLD(many_waits);

TEST_P(many_waits, hundred_and_twenty_eight_before_the_first_poll) {
  ASSERT_NO_FATAL_FAILURE(open_pool({.initial_capacity = 128}));
  ASSERT_NO_FATAL_FAILURE(submit_all(128));
  for (const chime::ticket& t : tickets) EXPECT_EQ(t.signal(), signal_result::delivered);
  ASSERT_TRUE(poll_until([&] { return count_of(outcome::success) == 128; }));
  let_the_loop_see();
}

TEST_P(many_waits, ten_thousand_before_the_first_poll) {
  ASSERT_NO_FATAL_FAILURE(open_pool());
  const std::size_t count = many();
  ASSERT_NO_FATAL_FAILURE(submit_all(count));
  for (const chime::ticket& t : tickets) EXPECT_EQ(t.signal(), signal_result::delivered);
  ASSERT_TRUE(poll_until([&] { return count_of(outcome::success) == count; }));
  EXPECT_EQ(loop.stats().completions, count);
  EXPECT_EQ(pool.stats().held, 0U);
}

TEST_P(many_waits, ten_thousand_under_way_and_signalled_together) {
  ASSERT_NO_FATAL_FAILURE(open_pool());
  const std::size_t count = many();
  ASSERT_NO_FATAL_FAILURE(submit_all(count));
  let_the_loop_see();
  for (const chime::ticket& t : tickets) EXPECT_EQ(t.signal(), signal_result::delivered);
  ASSERT_TRUE(poll_until([&] { return count_of(outcome::success) == count; }));
  EXPECT_EQ(loop.stats().completions, count);
}

TEST_P(many_waits, a_thousand_cancelled_by_their_tickets) {
  ASSERT_NO_FATAL_FAILURE(open_pool());
  ASSERT_NO_FATAL_FAILURE(submit_all(1000));
  let_the_loop_see();
  for (const chime::ticket& t : tickets) EXPECT_TRUE(t.cancel());
  ASSERT_TRUE(poll_until([&] { return count_of(outcome::cancelled) == 1000; }));
  let_the_loop_see();
  EXPECT_EQ(loop.stats().completions, 1000U);
}

TEST_P(many_waits, a_thousand_cancelled_by_the_pool) {
  ASSERT_NO_FATAL_FAILURE(open_pool());
  ASSERT_NO_FATAL_FAILURE(submit_all(1000));
  let_the_loop_see();
  for (std::size_t i = 0; i < 1000; i += 4) EXPECT_EQ(tickets[i].signal(), signal_result::delivered);
  pool.cancel_all();
  ASSERT_TRUE(poll_until([&] { return loop.stats().completions == 1000; }));
  EXPECT_EQ(count_of(outcome::success), 250U);
  EXPECT_EQ(count_of(outcome::cancelled), 750U);
}

TEST_P(many_waits, a_thousand_that_time_out_together) {
  ASSERT_NO_FATAL_FAILURE(open_pool());
  const time_point due = clock::now() + 1ms;
  for (int i = 0; i < 1000; ++i) acquire().submit(chime::callback::to<&many_waits::done>(*this), due);
  ASSERT_TRUE(poll_until([&] { return count_of(outcome::timed_out) == 1000; }));
  let_the_loop_see();
}

}  // namespace
}  // namespace conformance
