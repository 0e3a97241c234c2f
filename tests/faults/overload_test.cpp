// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Producers that are faster than the loop, which runs one completion in a poll. Memory is bounded by the pool's maximum;
/// timers, watches and posts get their turns all the while; and everything is delivered in the end.
#include <algorithm>
#include <functional>

#include "failing_memory.hpp"
#include "world.hpp"

namespace conformance {
namespace {

constexpr std::size_t most_events = 200;
constexpr int turns_each = 10;

/// Something that is submitted again whenever it completes.
class regular {
 public:
  explicit regular(std::function<void(chime::operation&, chime::callback)> submit) : submit_(std::move(submit)) {
    again();
  }
  regular(const regular&) = delete;
  regular& operator=(const regular&) = delete;
  [[nodiscard]] int turns() const { return turns_; }
  [[nodiscard]] bool over() const { return over_; }
  void finish() { finishing_ = true; }
  chime::operation op;

 private:
  void again() { submit_(op, chime::callback::to<&regular::done>(*this)); }
  void done(chime::completion&& c) {
    EXPECT_FALSE(c.error) << c.error.message();
    ++turns_;
    if (finishing_) {
      over_ = true;
    } else {
      again();
    }
  }
  std::function<void(chime::operation&, chime::callback)> submit_;
  int turns_ = 0;
  bool finishing_ = false;
  bool over_ = false;
};

struct overloaded_loop : in_world {
  /// Acquires, submits and signals as fast as it gets events.
  void produce(const std::atomic<bool>& enough, std::atomic<unsigned>& signalled, std::atomic<unsigned>& refused) {
    while (!enough) {
      auto ev = pool.acquire();
      if (!ev) {
        ASSERT_EQ(ev.error(), chime::fault::pool_exhausted) << ev.error().message();
        ++refused;
        std::this_thread::yield();
        continue;
      }
      const chime::ticket t = ev->get_ticket();
      std::move(*ev).submit(chime::callback::to<&overloaded_loop::done>(*this));
      if (t.signal() == signal_result::delivered) ++signalled;
    }
  }
  void done(chime::completion&& c) {
    EXPECT_FALSE(c.error) << c.error.message();
    ++completed;
  }
  unsigned completed = 0;
};
IN_EVERY_WORLD(overloaded_loop);

TEST_P(overloaded_loop, stays_within_its_memory_serves_all_and_loses_nothing) {
  raise_descriptor_limit();
  ASSERT_NO_FATAL_FAILURE(reopen_loop(1));
  faults::failing_memory memory;
  ASSERT_NO_FATAL_FAILURE(open_pool({.maximum_capacity = most_events, .memory = memory.get()}));
  descriptor_pair pipe = descriptor_pair::pipe();
  ASSERT_TRUE(write_byte(pipe.second));
  regular timer([&](chime::operation& op, chime::callback c) { loop.submit(op, c, clock::now() + 100us); });
  regular post([&](chime::operation& op, chime::callback c) { loop.submit(op, c); });
  regular watch(
      [&](chime::operation& op, chime::callback c) { loop.submit(op, c, pipe.first, chime::interest::readable); });
  regular* const regulars[] = {&timer, &post, &watch};

  std::atomic<bool> enough = false;
  std::atomic<unsigned> signalled = 0;
  std::atomic<unsigned> refused = 0;
  std::thread one([&] { produce(enough, signalled, refused); });
  std::thread two([&] { produce(enough, signalled, refused); });
  const auto fair = poll_until([&] {
    return std::ranges::all_of(regulars, [](const regular* r) { return r->turns() >= turns_each; }) && refused > 100 &&
           completed > 500;
  });
  enough = true;
  one.join();
  two.join();
  EXPECT_TRUE(fair) << "turns of timer, post and watch: " << timer.turns() << ", " << post.turns() << ", "
                    << watch.turns() << "; completed: " << completed;
  for (regular* r : regulars) r->finish();
  ASSERT_TRUE(poll_until([&] {
    return completed == signalled && std::ranges::all_of(regulars, [](const regular* r) { return r->over(); });
  })) << completed
      << " of " << signalled;
  EXPECT_LE(pool.stats().made, most_events);
  EXPECT_EQ(pool.close(), 0U);
  // A page for 63 events, one more of the same size if they are native, and the directory of pages.
  EXPECT_LE(memory.most_bytes(), (most_events / 63 + 1) * 2 * chime::event_pool::page_size + 64U * 1024);
  EXPECT_EQ(memory.blocks_out(), 0U);
}

}  // namespace
}  // namespace conformance
