// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The flip of the free lists' stacks (src/pool/free_lists.hpp) against a thread that finds both empty, one after the other,
/// while an event goes from the one to the other: whoever sees the second one emptied sees what came into the first.
#include "model.hpp"
#include "pool/free_lists.hpp"

#include <array>

namespace explore = chime::explore;
using namespace chime::models;
using chime::detail::event_front;
using explore::check;

namespace {

struct alignas(64) model_event : event_front {};

struct event_table {
  std::array<model_event, 2> events{};
  event_front* find(std::uint32_t index) { return index == 0 || index > events.size() ? nullptr : &events[index - 1]; }
  [[nodiscard]] std::uint32_t index_of(event_front& e) const {
    return static_cast<std::uint32_t>(static_cast<model_event*>(&e) - events.data()) + 1;
  }
};
using lists = chime::detail::free_lists<event_table>;

TEST(flip_model, none_is_not_said_while_an_event_goes_from_stack_to_stack) {
  expect_holds({.preemptions = 3, .stale_reads = 2}, [] {
    event_table table;
    lists free;
    const auto push = [&](std::uint32_t index) { free.push(index, *table.find(index)); };
    push(1);
    push(2);
    explore::threads(
        [&] {
          lists::emptiness seen;
          const auto one = free.pop(table, 1, seen);  // the stacks flip
          if (one.count != 0) push(one.first);
          (void)free.pop(table, 1, seen);
        },
        [&] {
          lists::emptiness seen;
          const auto got = free.pop(table, 1, seen);
          check(got.count != 0 || !free.still_none(seen), "none was said although an event was free all the time");
        });
  });
}

}  // namespace
