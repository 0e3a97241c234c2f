// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A popper that followed the link of an event which somebody else has by now, into nowhere (src/pool/tagged_stack.hpp): it
/// begins anew, with the head as it is and the links that belong to it.
#include "model.hpp"
#include "pool/tagged_stack.hpp"

#include <array>

namespace explore = chime::explore;
using namespace chime::models;
using chime::detail::event_front;
using chime::detail::stack_head;
using explore::check;

namespace {

struct alignas(64) model_event : event_front {};

struct event_table {
  std::array<model_event, 3> events{};
  event_front* find(std::uint32_t index) { return index == 0 || index > events.size() ? nullptr : &events[index - 1]; }
};

// Event 1 lies in the stack. Another thread takes it, makes its link one of the ready queue, which names nothing here, and
// pushes event 2, whose link still names event 3, as it did when both lay in some list.
TEST(broken_link_model, the_head_that_is_read_anew_comes_with_its_links) {
  expect_holds({.preemptions = 3, .stale_reads = 2}, [] {
    event_table table;
    chime::detail::tagged_stack<event_table> stack;
    table.events[1].next.store(3, std::memory_order_relaxed);
    stack.push(1, table.events[0]);
    std::array<int, 3> owner{};  // a ghost: 0 is nobody
    owner[1] = 2;
    owner[2] = 3;
    const auto take = [&](int me) {
      stack_head none;
      const auto got = stack.pop(table, 2, none);
      std::uint32_t index = got.first;
      for (std::uint32_t i = 0; i < got.count; ++i) {
        check(index != 0 && owner[index - 1] == 0, "an event was popped that was not in the stack");
        owner[index - 1] = me;
        index = static_cast<std::uint32_t>(table.find(index)->next.load(std::memory_order_relaxed));
      }
      return got.count;
    };
    std::uint32_t got_one = 0;
    std::uint32_t got_other = 0;
    explore::threads([&] { got_one = take(1); },
                     [&] {
                       got_other = take(2);
                       if (got_other == 0) return;
                       table.events[0].next.store(0x7f00'dead'b000, std::memory_order_relaxed);
                       owner[1] = 0;
                       stack.push(2, table.events[1]);
                     });
    stack_head none;
    const std::uint32_t left = stack.pop(table, 2, none).count;
    check(got_one + got_other + left == (got_other == 0 ? 1U : 2U), "an event is lost");
  });
}

}  // namespace
