// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A host that several threads run: the guest is on a strand, on epoll, which may be polled by one thread after the other.
#include "fixture.hpp"

namespace asio_test {
namespace {

class AsioThreads : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(loop.open({.guest = true}));
    ASSERT_EQ(loop.backend(), "epoll");
    ASSERT_TRUE(pool.open(loop, {.initial_capacity = 64}));
    the_guest.emplace(host::make_strand(io), loop);
  }
  void TearDown() override {
    the_guest.reset();
    EXPECT_EQ(pool.close(), 0U);
    EXPECT_TRUE(loop.close());
  }
  void run_by_four() {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([this] { io.run(); });
  }

  host::io_context io;
  chime::proactor loop;
  chime::event_pool pool;
  std::optional<guest> the_guest;
};

TEST_F(AsioThreads, HandlersOfAStrandAreSerialisedWhoeverRunsThem) {
  constexpr int chains = 16;
  constexpr int links = 500;
  int sum = 0;  // no atomic: the strand's
  std::function<void(int)> next = [&](int left) {
    auto ev = pool.acquire();
    ASSERT_TRUE(ev);
    const chime::ticket signaller = ev->get_ticket();
    the_guest->async_wait(std::move(*ev), clock::now() + 30s, [&, left](error_code e) {
      EXPECT_FALSE(e);
      ++sum;
      if (left > 1) next(left - 1);
    });
    host::post(io, [signaller] { signaller.signal(); });  // by whatever thread
  };
  for (int i = 0; i < chains; ++i) next(links);
  run_by_four();
  EXPECT_EQ(sum, chains * links);
}

TEST_F(AsioThreads, WaitsBeginOnAnyThread) {
  constexpr int each = 500;
  std::atomic<int> completed{0};
  const auto chain = [&](int) -> host::awaitable<void> {
    for (int i = 0; i < each; ++i) {
      auto ev = pool.acquire();
      host::post(io, [signaller = ev->get_ticket()] { signaller.signal(); });
      co_await the_guest->async_wait(std::move(*ev), clock::now() + 30s, host::use_awaitable);
      ++completed;
    }
  };
  // Each on a strand of its own, which is not the guest's.
  for (int i = 0; i < 8; ++i) host::co_spawn(host::make_strand(io), chain(i), host::detached);
  run_by_four();
  EXPECT_EQ(completed, 8 * each);
}

TEST_F(AsioThreads, TheFirstAndTheLastWaitMeetAgainAndAgain) {
  // One wait at a time, begun outside of the host: the count of waits goes from 0 to 1 and back each time.
  auto busy = host::make_work_guard(io);
  std::thread runner([this] { run_by_four(); });
  for (int i = 0; i < 200; ++i) {
    auto ev = pool.acquire();
    ASSERT_TRUE(ev);
    const chime::ticket signaller = ev->get_ticket();
    auto over = the_guest->async_wait(std::move(*ev), host::use_future);
    signaller.signal();
    ASSERT_EQ(over.wait_for(30s), std::future_status::ready) << i;
  }
  busy.reset();
  runner.join();
}

}  // namespace
}  // namespace asio_test
