// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Who becomes the polling thread (src/proactor/loop.cpp, enter()): the first that polls, and if the backend refuses it, the
/// next one that tries.
#include "loop_stage.hpp"

namespace explore = chime::explore;
using namespace chime::models;

namespace {

constexpr auto second = chime::fault::second_polling_thread;

TEST(polling_thread_model, one_of_two_polls) {
  expect_holds({.preemptions = 3, .stale_reads = 2}, [] {
    loop_stage s;
    chime::result<std::size_t> one;
    chime::result<std::size_t> other;
    explore::threads([&] { one = s.loop->poll(); }, [&] { other = s.loop->poll(); });
    check(one.has_value() != other.has_value(), "both threads polled, or neither");
    check((one ? other : one).error() == second, "the wrong error");
    s.finish();
  });
}

// What the refused thread has done to the backend is seen by the one that comes after it.
TEST(polling_thread_model, another_polls_after_one_was_refused) {
  expect_holds({.preemptions = 3, .stale_reads = 2}, [] {
    loop_stage s({.refuses_first = true});
    chime::result<std::size_t> one;
    chime::result<std::size_t> other;
    explore::threads([&] { one = s.loop->poll(); }, [&] { other = s.loop->poll(); });
    check(!one || !other, "the backend refused nobody");
    check(one || other || one.error() == second || other.error() == second, "the backend refused both");
    s.finish();
  });
}

}  // namespace
