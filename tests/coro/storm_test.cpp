// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Coroutines that wait, stop, time out and destroy one another, as fast as they can; and frames that are destroyed where nobody is
/// the polling thread.
#include <poll.h>

#include <atomic>
#include <random>
#include <thread>

#include "coro_world.hpp"

namespace coro_test {
namespace {

// --- Everything at once, on real kernels: each event is in one wait and gets at most one signal in each round, so that the
// signal was consumed by a wait that succeeded, or is kept.
class CoroStorm : public in_coro_world {};
IN_EVERY_WORLD(CoroStorm);

struct storm {
  storm(unsigned seed, chime::proactor& l, std::vector<chime::event> e) : random(seed), loop(l), events(std::move(e)) {}
  std::mt19937 random;
  chime::proactor& loop;
  std::vector<chime::event> events;
  std::vector<int> consumed = std::vector<int>(events.size());
  std::vector<foreign> frames;
  std::stop_source source;
  std::stop_token token;

  unsigned draw(unsigned n) { return std::uniform_int_distribution<unsigned>(0, n - 1)(random); }
  void destroy_one_but(std::size_t self) {
    if (draw(2) == 0) return;
    const std::size_t other = draw(static_cast<unsigned>(frames.size()));
    if (other != self) frames[other].destroy();
  }
  wait_options options() {
    wait_options o;
    switch (draw(4)) {
      case 0:
        o.deadline = clock::now() + std::chrono::microseconds(draw(200));
        break;
      case 1:
        o.deadline = clock::now() + 1h;
        break;
      default:
        break;
    }
    if (draw(2) == 0) o.stop = token;
    return o;
  }
  foreign wait_for(std::size_t self, std::size_t first, std::size_t count, unsigned kind) {
    for (int again = 0; again < 2; ++again) {
      const std::span<chime::event> some(events.data() + first, count);
      if (kind == 0) {
        if (co_await chime::async_wait(some[0], options())) ++consumed[first];
      } else if (kind == 1) {
        if (auto r = co_await chime::async_wait_any(some, options())) ++consumed[first + *r];
      } else if (co_await chime::async_wait_all(some, options())) {
        for (std::size_t i = 0; i < count; ++i) ++consumed[first + i];
      }
      destroy_one_but(self);
    }
  }
  foreign operate(std::size_t self, int handle) {
    for (int again = 0; again < 2; ++again) {
      switch (draw(3)) {
        case 0:
          (void)co_await chime::sleep_until(loop, clock::now() + std::chrono::microseconds(draw(100)), token);
          break;
        case 1:
          (void)co_await chime::async_wait(loop, handle, chime::interest::readable, options());
          break;
        default:
          (void)co_await chime::resume_on(loop);
      }
      destroy_one_but(self);
    }
  }
};

TEST_P(CoroStorm, EverySignalIsConsumedOnceOrKept) {
  let_the_loop_see();
  for (unsigned round = 0; round < 1500; ++round) {
    auto pipe = conformance::descriptor_pair::pipe();
    storm s(round, loop, acquire_several(8));
    s.token = s.source.get_token();
    std::vector<chime::ticket> tickets;
    for (auto& ev : s.events) tickets.push_back(ev.get_ticket());
    std::vector<int> delivered(8);
    s.frames.resize(7);
    const bool elsewhere = s.draw(2) == 0;
    const auto begin = [&] {
      std::size_t at = 0;
      for (std::size_t i = 0; i < 5; ++i) {
        const std::size_t count = i < 3 ? 2 : 1;
        const unsigned kind = count == 1 ? 0 : 1 + s.draw(2);
        s.frames[i] = s.wait_for(i, at, count, kind);
        at += count;
      }
      s.frames[5] = s.operate(5, static_cast<int>(pipe.first));
      s.frames[6] = s.operate(6, static_cast<int>(pipe.first));
    };
    if (elsewhere) {
      std::jthread(begin).join();
    } else {
      begin();
    }
    const unsigned stop_at = s.draw(16);
    const unsigned write_at = s.draw(16);
    const unsigned which = s.draw(256);
    std::vector<std::jthread> signallers;
    for (std::size_t t = 0; t < 2; ++t) {
      signallers.emplace_back([&, t] {
        for (std::size_t i = t; i < 8; i += 2) {
          if ((which >> i & 1U) != 0) delivered[i] = tickets[i].signal() == signal_result::delivered;
          if (i == stop_at) s.source.request_stop();
          if (i == write_at) (void)conformance::write_byte(pipe.second);
        }
      });
    }
    for (unsigned polls = s.draw(6); polls > 0; --polls) (void)loop.poll();
    for (foreign& f : s.frames) f.destroy();
    signallers.clear();
    for (std::size_t i = 0; i < 8; ++i) {
      ASSERT_EQ(delivered[i], static_cast<int>(which >> i & 1U)) << round;
      const int kept = look(s.events[i]) == outcome::success ? 1 : 0;
      ASSERT_EQ(s.consumed[i] + kept, delivered[i]) << "round " << round << " event " << i;
    }
  }
}

// --- Two threads, each of which destroys frames of its own; nobody polls, nobody has.
using CoroDestroyersDeathTest = in_coro_world;
INSTANTIATE_TEST_SUITE_P(in, CoroDestroyersDeathTest, testing::Values(conformance::world{"epoll"}),
                         conformance::name_of);

TEST_P(CoroDestroyersDeathTest, TwoThreadsDestroyFramesBeforeTheFirstPoll) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto both = [&] {
    constexpr std::size_t many = 2000;
    auto events = acquire_several(2 * many);
    std::vector<record<>> records(2 * many);
    std::vector<foreign> frames;
    for (std::size_t i = 0; i < 2 * many; ++i) {
      frames.push_back(await_into(records[i], chime::async_wait(events[i])));
      (void)events[i].get_ticket().signal();
    }
    std::atomic<int> ready = 0;
    const auto destroy = [&](std::size_t from) {
      ++ready;
      while (ready != 2) {
      }
      for (std::size_t i = from; i < from + many; ++i) frames[i].destroy();
    };
    std::jthread one([&] { destroy(0); });
    std::jthread other([&] { destroy(many); });
  };
  EXPECT_EXIT((both(), std::_Exit(0)), testing::ExitedWithCode(0), "");
}

// --- A guest whose host sleeps on its handle, while another thread destroys a frame.
TEST(CoroDestroyers, TheHostThatADestroyedFrameWakesIsNotRefused) {
  unsigned refused = 0;
  constexpr int rounds = 3000;
  for (int round = 0; round < rounds; ++round) {
    chime::proactor loop;
    ASSERT_TRUE(loop.open({.backend = "epoll", .spin = 0ns, .guest = true}));
    chime::event_pool pool;
    ASSERT_TRUE(pool.open(loop));
    chime::event ev = pool.acquire().value();
    record<> r;
    foreign f = await_into(r, chime::async_wait(ev));
    while (loop.guest_poll().value() == chime::time_point::min()) {
    }
    // The guest is asleep, and nothing is there that could wake it.
    std::jthread host([&] {
      pollfd p{static_cast<int>(loop.handle()), POLLIN, 0};
      (void)::poll(&p, 1, -1);
      if (!loop.guest_poll()) ++refused;
    });
    f.destroy();
    host.join();
    ev.reset();
    EXPECT_EQ(pool.close(), 0U);
    EXPECT_TRUE(loop.close());
  }
  EXPECT_EQ(refused, 0U) << "of " << rounds;
}

}  // namespace
}  // namespace coro_test
