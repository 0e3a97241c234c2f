// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The pool's free lists (src/pool/free_lists.hpp): pops against pushes of one or of chains, while the links of events
/// that are out are somebody else's. No index has two owners, and "none" is said only when at one instant it was true.
#include "pool/free_lists.hpp"

#include "model.hpp"

#include <array>

namespace explore = chime::explore;
using chime::detail::event_front;
using chime::detail::free_lists;
using chime::detail::stack_head;
using chime::detail::tagged_stack;
using chime::models::expect_breaks;
using chime::models::expect_holds;
using chime::sync::atomic;
using chime::sync::plain;
using explore::check;

namespace {

constexpr std::uint32_t most = 3;

struct alignas(64) model_event : event_front {};

struct event_table {
  std::array<model_event, most> events{};
  event_front* find(std::uint32_t index) { return index == 0 || index > most ? nullptr : &events[index - 1]; }
  [[nodiscard]] std::uint32_t index_of(event_front& e) const {
    return static_cast<std::uint32_t>(static_cast<model_event*>(&e) - events.data()) + 1;
  }
};

// The product's way, as a pool uses it.
struct real {
  using lists = free_lists<event_table>;
  lists free;
  void push(event_table& table, std::uint32_t first, std::uint32_t last) { free.push(first, *table.find(last)); }
  void push_one(event_table& table, std::uint32_t index) { free.push(table, *table.find(index)); }
  lists::chain pop(event_table& table, std::uint32_t at_most = 1) {
    for (;;) {
      lists::emptiness seen;
      const auto got = free.pop(table, at_most, seen);
      if (got.count != 0 || free.still_none(seen)) return got;
    }
  }
};

// What the owner of an event does to its link: it is a pointer of the ready queue, whose low bits name no event; or
// they name one by chance.
enum class garbage : std::uintptr_t { names_none = 0x7f00'dead'b000, names_the_first = 0x7f00'0000'0001 };

// Both stacks at once in the product's way, or a twin.
template <class Lists>
struct stage {
  event_table table;
  Lists lists;
  std::array<plain<int>, most> fields{};  // of the events: whoever owns one may write it

  // Ghosts.
  std::array<int, most> owner{};  // 0: free
  std::uint32_t free = 0;
  bool truth_by_execution_order = true;
  std::array<bool, 4> saw_none{};  // for each thread: whether no event was free at some instant of its pop

  // If there are any in the serving stack, there is one at least in the other.
  explicit stage(std::uint32_t in_return_stack, std::uint32_t in_serving_stack = 0) {
    explore::name(table.events[0].next, "link 1");
    explore::name(table.events[1].next, "link 2");
    explore::name(table.events[2].next, "link 3");
    std::uint32_t index = 0;
    if (in_serving_stack != 0) {
      while (index <= in_serving_stack) put(++index);
      check(pop(0) == index, "the newest was not found");  // this flips the roles
      put(index);
    }
    while (index < in_serving_stack + in_return_stack) put(++index);
  }

  void put(std::uint32_t index) { push(index, index, 1); }
  void put_into_pocket(std::uint32_t index) {
    owner[index - 1] = 0;
    lists.push_one(table, index);
    ++free;
  }

  void push(std::uint32_t first, std::uint32_t last, std::uint32_t count) {
    std::uint32_t index = first;
    for (std::uint32_t i = 0; i < count; ++i) {
      owner[index - 1] = 0;
      if (i + 1 < count) index = following(index);
    }
    check(index == last, "a chain lost its links");
    lists.push(table, first, last);
    free += count;
  }

  [[nodiscard]] std::uint32_t following(std::uint32_t index) {
    return static_cast<std::uint32_t>(table.find(index)->next.load(std::memory_order_relaxed) & stack_head::index_mask);
  }

  [[nodiscard]] auto pop_chain(int me, std::uint32_t at_most) {
    saw_none[static_cast<std::size_t>(me)] = free == 0;
    const auto chain = lists.pop(table, at_most);
    free -= chain.count;
    if (free == 0) saw_none.fill(true);
    check(chain.count != 0 || saw_none[static_cast<std::size_t>(me)] || !truth_by_execution_order,
          "none was said although there always was one");
    return chain;
  }

  // Takes the events of a chain, from the first on.
  void own(std::uint32_t index, int me) {
    check(owner[index - 1] == 0, "an event has two owners");
    owner[index - 1] = me + 1;
    fields[index - 1].set(me);
  }

  [[nodiscard]] std::uint32_t pop(int me) {
    const auto chain = pop_chain(me, 1);
    if (chain.count != 0) own(chain.first, me);
    return chain.first;
  }

  void scribble(std::uint32_t index, garbage what) {
    table.find(index)->next.store(static_cast<std::uintptr_t>(what), std::memory_order_relaxed);
  }

  void use_one(int me, garbage what) {
    const std::uint32_t index = pop(me);
    if (index == 0) return;
    scribble(index, what);
    put(index);
  }

  void use_chain(int me, std::uint32_t at_most) {
    const auto chain = pop_chain(me, at_most);
    std::uint32_t last = chain.first;
    for (std::uint32_t i = 0; i < chain.count; ++i) {
      if (i != 0) last = following(last);
      own(last, me);
    }
    if (chain.count != 0) push(chain.first, last, chain.count);
  }

  void expect_all_free(std::uint32_t count) {
    check(free == count, "an event is lost");
    for (std::uint32_t i = 0; i < count; ++i) check(pop(0) != 0, "an event is lost");
    check(pop(0) == 0, "an event was duplicated");
  }
};

// As many events as threads: nobody may be told that there is none. The first pop flips the roles.
template <class Lists>
void two_threads_two_events() {
  stage<Lists> s(2);
  const auto twice = [&](int me, garbage what) {
    for (int i = 0; i < 2; ++i) {
      const std::uint32_t index = s.pop(me);
      check(index != 0, "none was said with an event for each thread");
      s.scribble(index, what);
      s.put(index);
    }
  };
  explore::threads([&] { twice(1, garbage::names_none); }, [&] { twice(2, garbage::names_the_first); });
  s.expect_all_free(2);
}

TEST(free_lists_model, an_event_for_each_of_two_threads) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, two_threads_two_events<real>);
}

TEST(free_lists_model, an_event_for_each_of_three_threads) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    stage<real> s(2, 1);
    const auto once = [&](int me, garbage what) {
      const std::uint32_t index = s.pop(me);
      check(index != 0, "none was said with an event for each thread");
      s.scribble(index, what);
      s.put(index);
    };
    explore::threads([&] { once(1, garbage::names_none); }, [&] { once(2, garbage::names_the_first); },
                     [&] { once(3, garbage::names_none); });
    s.expect_all_free(3);
  });
}

// More threads than events: "none" is said, and only when it is true. Without stale reads, because "at one instant"
// means the order of execution here, and a thread may rightly read a head as it was before a push that nothing orders
// before its pop.
TEST(free_lists_model, three_threads_and_two_events) {
  expect_holds({.preemptions = 4, .stale_reads = 0}, [] {
    stage<real> s(1, 1);
    explore::threads([&] { s.use_one(1, garbage::names_none); }, [&] { s.use_one(2, garbage::names_the_first); },
                     [&] { s.use_one(3, garbage::names_none); });
    s.expect_all_free(2);
  });
}

// The same with stale reads, where a semaphore keeps the threads from holding more than there is: nobody is told
// "none".
template <class Lists>
void three_threads_and_two_permits() {
  stage<Lists> s(1, 1);
  s.truth_by_execution_order = false;
  atomic<int> permits{2};
  const auto once = [&](int me, garbage what) {
    int seen = permits.load(std::memory_order_relaxed);
    while (seen == 0 ||
           !permits.compare_exchange_strong(seen, seen - 1, std::memory_order_acquire, std::memory_order_relaxed)) {
      if (seen != 0) continue;
      chime::sync::relax();
      seen = permits.load(std::memory_order_relaxed);
    }
    const std::uint32_t index = s.pop(me);
    check(index != 0, "none was said with an event for each permit");
    s.scribble(index, what);
    s.put(index);
    permits.fetch_add(1, std::memory_order_release);
  };
  explore::threads([&] { once(1, garbage::names_none); }, [&] { once(2, garbage::names_the_first); },
                   [&] { once(3, garbage::names_none); });
  s.expect_all_free(2);
}

TEST(free_lists_model, three_threads_with_two_permits) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, three_threads_and_two_permits<real>);
}

// A batch is popped while its links turn into garbage under the popper, and pushed as a chain.
TEST(free_lists_model, batch_against_single_pops) {
  for (const garbage what : {garbage::names_none, garbage::names_the_first}) {
    expect_holds({.preemptions = 3, .stale_reads = 1}, [&] {
      stage<real> s(3);
      explore::threads([&] { s.use_chain(1, 2); },
                       [&] {
                         s.use_one(2, what);
                         s.use_one(2, what);
                       });
      s.expect_all_free(3);
    });
  }
}

TEST(free_lists_model, two_batches) {
  expect_holds({.preemptions = 3, .stale_reads = 2}, [] {
    stage<real> s(2, 1);
    explore::threads([&] { s.use_chain(1, 3); }, [&] { s.use_chain(2, 2); });
    s.expect_all_free(3);
  });
}

// What threads release themselves goes into their pockets, where the others look last. A third event keeps the roles
// flipping.
void two_threads_with_pockets(std::uint32_t events) {
  stage<real> s(events);
  const auto use = [&](int me) {
    for (int i = 0; i < 2; ++i) {
      const std::uint32_t index = s.pop(me);
      if (index == 0) continue;
      s.scribble(index, garbage::names_the_first);
      s.put_into_pocket(index);
    }
  };
  explore::threads([&] { use(1); }, [&] { use(2); });
  s.expect_all_free(events);
}
TEST(free_lists_model, pockets_of_two_threads) {
  expect_holds({.preemptions = 3, .stale_reads = 0}, [] { two_threads_with_pockets(1); });
  expect_holds({.preemptions = 3, .stale_reads = 0}, [] { two_threads_with_pockets(2); });
}

TEST(free_lists_model, pockets_never_hide_the_last_event) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    stage<real> s(2);
    s.truth_by_execution_order = false;
    const auto use = [&](int me) {
      for (int i = 0; i < 2; ++i) {
        const std::uint32_t index = s.pop(me);
        check(index != 0, "none was said with an event for each thread");
        s.put_into_pocket(index);
      }
    };
    explore::threads([&] { use(1); }, [&] { use(2); });
    s.expect_all_free(2);
  });
}

// Somebody fills a stack and then takes the event from a pocket: whoever sees the pocket empty must see the stack full.
TEST(free_lists_model, a_pocket_that_was_emptied_tells_what_its_taker_did_before) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] {
    event_table table;
    free_lists<event_table> free;
    free.push(table, *table.find(2));
    explore::threads(
        [&] {
          free_lists<event_table>::emptiness seen;
          const auto got = free.pop(table, 1, seen);
          check(got.count != 0 || !free.still_none(seen), "none was said although there always was one");
        },
        [&] {
          free.push(1, *table.find(1));
          (void)free.pop_from_pocket();
        });
  });
}

// A twin: all returned events migrate through the hands of one thread.
struct migrates_by_hand {
  tagged_stack<event_table> stacks[2];
  void push(event_table& links, std::uint32_t first, std::uint32_t last) { stacks[1].push(first, *links.find(last)); }
  tagged_stack<event_table>::chain pop(event_table& links, std::uint32_t at_most = 1) {
    stack_head empty{0};
    if (const auto got = stacks[0].pop(links, at_most, empty); got.count != 0) return got;
    const auto all = stacks[1].pop(links, most, empty);
    if (all.count == 0) return {};
    std::uint32_t last = all.first;
    for (std::uint32_t i = 1; i < all.count; ++i) {
      last =
          static_cast<std::uint32_t>(links.find(last)->next.load(std::memory_order_relaxed) & stack_head::index_mask);
    }
    stacks[0].push(all.first, *links.find(last));
    return stacks[0].pop(links, at_most, empty);
  }
};

TEST(free_lists_model, migration_by_hand_breaks_it) {
  expect_breaks({.preemptions = 3}, "none was said", two_threads_two_events<migrates_by_hand>);
}

}  // namespace
