// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Many waits at once in a libuv loop, and what waking it costs.
#include <atomic>

#include "uv/world.hpp"

namespace uv_test {
namespace {

class uv_many : public in_libuv {};
ON_EVERY_GUEST_BACKEND(uv_many);

TEST_P(uv_many, ten_thousand_waits_each_end_once) {
  constexpr unsigned count = 10'000;
  struct one {
    chime::uv_wait wait;
    chime::ticket name;
    int completions = 0;
    std::error_code error;
    void done(chime::completion&& c) noexcept {
      ++completions;
      error = c.error;
    }
  };
  std::deque<one> all(count);
  for (one& o : all) {
    chime::event ev = first.acquire();
    o.name = ev.get_ticket();
    guest.submit(o.wait, std::move(ev), chime::callback::to<&one::done>(o));
  }
  std::atomic<unsigned> next = 0;
  const auto signal = [&] {
    for (unsigned i = next++; i < count; i = next++) {
      i % 8 == 0 ? (void)all[i].name.cancel() : (void)all[i].name.signal();
    }
  };
  std::thread helper(signal);
  std::thread other(signal);
  run();
  helper.join();
  other.join();
  for (unsigned i = 0; i < count; ++i) {
    ASSERT_EQ(all[i].completions, 1) << i;
    ASSERT_EQ(conformance::outcome_of(all[i].error), i % 8 == 0 ? outcome::cancelled : outcome::success) << i;
  }
}

TEST_P(uv_many, signals_between_two_turns_make_one_wakeup) {
  constexpr unsigned count = 200;
  struct one {
    chime::uv_wait wait;
    chime::ticket name;
    waiter w;
  };
  std::deque<one> all(count);
  for (one& o : all) {
    chime::event ev = first.acquire();
    o.name = ev.get_ticket();
    guest.submit(o.wait, std::move(ev), o.w);
  }
  chime::operation post;
  waiter posted;
  std::uint64_t wakeups = 0;
  std::uint64_t turns = 0;
  repeat_until([&] {
    if (!is_asleep()) return false;
    wakeups = loop.stats().wakeups;
    turns = guest.turns();
    for (one& o : all) o.name.signal();
    loop.submit(post, posted);
    loop.wake();
    return true;
  });
  run();
  for (one& o : all) EXPECT_EQ(o.w.outcome(), outcome::success);
  EXPECT_EQ(posted.outcome(), outcome::success);
  EXPECT_EQ(loop.stats().wakeups - wakeups, 1U);
  EXPECT_LE(guest.turns() - turns, 2U);  // 201 completions, at most 256 in a turn
}

TEST_P(uv_many, a_turn_is_woken_at_most_once) {
  constexpr unsigned rounds = 2'000;
  struct one {
    chime::uv_guest& in;
    std::atomic<unsigned> left = rounds;
    chime::uv_wait wait{};
    chime::ticket name{};
    void arm(chime::event&& ev) {
      name = ev.get_ticket();
      in.submit(wait, std::move(ev), chime::callback::to<&one::done>(*this));
    }
    void done(chime::completion&& c) noexcept {
      left.fetch_sub(1, std::memory_order_relaxed);
      if (left.load(std::memory_order_relaxed) > 0) arm(std::move(c.ev));
    }
  };
  std::deque<one> all;
  for (int i = 0; i < 8; ++i) all.emplace_back(guest).arm(first.acquire());
  std::vector<chime::ticket> names;  // every wait of an event is in the same use of it
  for (one& o : all) names.push_back(o.name);
  std::thread signaller([&] {
    for (bool more = true; more;) {
      more = false;
      for (std::size_t i = 0; i < names.size(); ++i) {
        if (all[i].left.load(std::memory_order_relaxed) == 0) continue;
        names[i].signal();
        more = true;
      }
    }
  });
  run();
  signaller.join();
  EXPECT_LE(loop.stats().wakeups, guest.turns());
}

}  // namespace
}  // namespace uv_test
