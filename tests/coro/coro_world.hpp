// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What the tests of coroutines share: a world of the conformance tests, and what an await gave, written down.
#pragma once

#include <chime/coro.hpp>
#include <optional>
#include <span>
#include <vector>

#include "conformance/world.hpp"
#include "foreign.hpp"

namespace coro_test {

using namespace std::chrono_literals;
using chime::clock;
using chime::signal_result;
using chime::wait_options;
using conformance::eventually;
using conformance::outcome;
using conformance::outcome_of;

/// What became of one co_await.
template <class T = void>
struct record {
  std::optional<chime::result<T>> result;
  std::thread::id thread;
  [[nodiscard]] bool came() const { return result.has_value(); }
  [[nodiscard]] conformance::outcome outcome() const {
    if (!result) return conformance::outcome::pending;
    return result->has_value() ? conformance::outcome::success : outcome_of(result->error());
  }
};

template <class T, class Awaitable>
foreign await_into(record<T>& r, Awaitable awaitable) {
  r.result = co_await std::move(awaitable);
  r.thread = std::this_thread::get_id();
}

class in_coro_world : public conformance::in_world {
 protected:
  void SetUp() override {
    in_world::SetUp();
    if (!IsSkipped() && !HasFatalFailure()) open_pool();
  }
  [[nodiscard]] std::vector<chime::event> acquire_several(std::size_t count) {
    std::vector<chime::event> events;
    for (std::size_t i = 0; i < count; ++i) events.push_back(acquire());
    return events;
  }
  template <class T>
  [[nodiscard]] testing::AssertionResult complete(const record<T>& r) {
    return poll_until([&] { return r.came(); });
  }
  /// What a wait with a deadline that has passed says: whether a signal is kept.
  [[nodiscard]] outcome look(chime::event& ev) {
    record<> r;
    const foreign f = await_into(r, chime::async_wait(ev, {.deadline = chime::time_point{}}));
    EXPECT_TRUE(complete(r));
    return r.outcome();
  }
};

}  // namespace coro_test
