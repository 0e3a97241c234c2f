// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Misuse of loops, operations and released events stops the program, and says why.
#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "chime/proactor.hpp"
#include "event/blocking.hpp"
#include "event/submit.hpp"
#include "pool_fixture.hpp"

namespace {

using chime_test::acquire_from;
using chime_test::cell_of;
using LoudStopDeathTest = chime_test::DeathTestSuite;

void ignore(void*, chime::completion&&) {}
constexpr chime::callback nothing{ignore, nullptr};
const chime::proactor_options small{.backend = "poll"};

TEST_F(LoudStopDeathTest, D3_ALoopThatIsNotOpen) {
  constexpr auto* message = "chime: a proactor that is not open was used; open it first";
  chime::proactor loop;
  chime::operation op;
  EXPECT_DEATH(loop.stop(), message);
  EXPECT_DEATH(loop.wake(), message);
  EXPECT_DEATH(loop.submit(op, nothing), message);
  EXPECT_DEATH(loop.submit(op, nothing, chime::clock::now()), message);
  EXPECT_DEATH(loop.submit(op, nothing, 0, chime::interest::readable), message);
}

TEST_F(LoudStopDeathTest, D3_ALoopDestroyedWithPoolsOpen) {
  const auto destroy = [] {
    chime::event_pool pool;
    chime::proactor loop;
    if (loop.open(small) && pool.open(loop)) std::destroy_at(&loop);
  };
  EXPECT_DEATH(destroy(), "chime: a proactor was destroyed with pools open");
}

TEST_F(LoudStopDeathTest, D3_ALoopDestroyedWithOperationsInFlight) {
  const auto destroy = [] {
    chime::operation op;
    chime::proactor loop;
    if (!loop.open(small)) return;
    loop.submit(op, nothing);
    std::destroy_at(&loop);
  };
  EXPECT_DEATH(destroy(), "chime: a proactor was destroyed with operations in flight");
}

TEST_F(LoudStopDeathTest, D3_ALoopDestroyedFromInsideACompletion) {
  const auto destroy = [] {
    chime::operation op;
    chime::proactor loop;
    if (!loop.open(small)) return;
    loop.submit(op, {[](void* l, chime::completion&&) { std::destroy_at(static_cast<chime::proactor*>(l)); }, &loop});
    (void)loop.poll();
  };
  EXPECT_DEATH(destroy(), "chime: a proactor was destroyed from inside a completion");
}

TEST_F(LoudStopDeathTest, D3_AnOperationDestroyedInFlight) {
  chime::proactor loop;
  ASSERT_TRUE(loop.open(small));
  const auto destroy = [&] {
    chime::operation op;
    loop.submit(op, nothing);
  };
  EXPECT_DEATH(destroy(), "chime: an operation was destroyed while it is in flight");
}

TEST_F(LoudStopDeathTest, D3_AReleasedEvent) {
  chime::proactor loop;
  chime::event_pool pool;
  ASSERT_TRUE(loop.open(small));
  ASSERT_TRUE(pool.open(loop));
  auto ev = acquire_from(pool);
  auto& c = cell_of(ev);
  ev.reset();
  EXPECT_DEATH(chime::detail::submit(c, nullptr, nullptr, chime::never),
               "chime: an event was submitted after it was released");
  EXPECT_DEATH((void)chime::detail::block_until(c, chime::never),
               "chime: an event was waited for after it was released");
}

TEST_F(LoudStopDeathTest, D3_AnEventReleasedTwiceIntoItsCache) {
  chime::event_pool pool;
  ASSERT_TRUE(pool.open());
  chime::event_cache cache(pool);
  auto ev = acquire_from(cache);
  auto& c = cell_of(ev);
  ev.reset();
  EXPECT_DEATH(chime::detail::release(c), "chime: an event was released twice");
}

TEST_F(LoudStopDeathTest, D3_AReleaseIntoACacheOfAnotherThread) {
  chime::event_pool pool;
  ASSERT_TRUE(pool.open());
  chime::event_cache cache(pool);
  (void)acquire_from(cache);
  EXPECT_DEATH(std::thread([&] { cache.release(acquire_from(pool)); }).join(),
               "chime: a cache was used by a second thread; the first one must detach it before");
}

TEST_F(LoudStopDeathTest, D3_APoolClosedBeforeItsCache) {
  chime::event_pool pool;
  ASSERT_TRUE(pool.open());
  chime::event_cache cache(pool);
  EXPECT_DEATH((void)pool.close(), "chime: a pool was closed before one of its caches was destroyed");
}

TEST_F(LoudStopDeathTest, MemoryBeyondWhatAPoolCanName) {
  const chime::allocator far{
      .allocate = [](void*, std::size_t, std::size_t) noexcept { return reinterpret_cast<void*>(1ULL << 48U); },
      .deallocate = [](void*, void*, std::size_t, std::size_t) noexcept {}};
  const auto open = [&] {
    chime::event_pool pool;
    (void)pool.open({.initial_capacity = 1, .memory = far});
  };
  EXPECT_DEATH(open(), "chime: an allocator gave a pool memory beyond the first 2.48 bytes");
}

}  // namespace
