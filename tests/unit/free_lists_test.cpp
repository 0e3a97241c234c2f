// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The free lists: chains, the flip of roles, tags against reuse, and the truth of "none".
#include "pool/free_lists.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "together.hpp"

namespace {

using chime::detail::event_front;
using chime::detail::free_lists;
using chime::detail::stack_head;
using chime::detail::tagged_stack;

struct alignas(64) test_event : event_front {};

/// Events of indices 1 to `count`. `on_find` runs before each answer; true: the index is said to have no event.
struct event_array {
  explicit event_array(std::uint32_t count) : events(count + 1) {}

  std::vector<test_event> events;
  std::function<bool(std::uint32_t)> on_find;

  [[nodiscard]] event_front* find(std::uint32_t index) {
    if (on_find && on_find(index)) return nullptr;
    return index == 0 || index >= events.size() ? nullptr : &events[index];
  }
  [[nodiscard]] std::uint32_t index_of(event_front& e) const {
    return static_cast<std::uint32_t>(static_cast<test_event*>(&e) - events.data());
  }
  /// first -> ... -> last, in this order.
  void chain(const std::vector<std::uint32_t>& indices) {
    for (std::size_t i = 0; i + 1 < indices.size(); ++i) events[indices[i]].next = indices[i + 1];
  }
};

using stack = tagged_stack<event_array>;
using lists = free_lists<event_array>;

template <class Chain>
std::vector<std::uint32_t> indices_of(event_array& links, Chain chain) {
  std::vector<std::uint32_t> all;
  for (auto index = chain.first; all.size() < chain.count;
       index = static_cast<std::uint32_t>(links.events[index].next)) {
    all.push_back(index);
  }
  return all;
}

using indices = std::vector<std::uint32_t>;

class TaggedStack : public testing::Test {
 protected:
  indices pop(std::uint32_t most) {
    stack_head empty{0};
    return indices_of(links, s.pop(links, most, empty));
  }
  void push(std::uint32_t first, std::uint32_t last) { s.push(first, links.events[last]); }

  event_array links{16};
  stack s;
};

TEST_F(TaggedStack, PopsTheNewestFirst) {
  EXPECT_EQ(pop(1), indices{});
  for (const std::uint32_t i : {1U, 2U, 3U}) push(i, i);
  EXPECT_EQ(pop(1), indices{3});
  EXPECT_EQ(pop(1), indices{2});
  EXPECT_EQ(pop(1), indices{1});
  EXPECT_EQ(pop(1), indices{});
  EXPECT_TRUE(s.look().empty());
}

TEST_F(TaggedStack, PushesAndPopsChains) {
  links.chain({4, 5, 6});
  push(4, 6);
  links.chain({1, 2, 3});
  push(1, 3);
  EXPECT_EQ(pop(2), (indices{1, 2}));
  EXPECT_EQ(pop(100), (indices{3, 4, 5, 6}));
  EXPECT_EQ(pop(100), indices{});
}

TEST_F(TaggedStack, EveryPushChangesTheTagSoThatEmptyIsNotTheSameEmptyAgain) {
  const auto before = s.look().bits();
  push(1, 1);
  EXPECT_EQ(pop(1), indices{1});
  EXPECT_TRUE(s.look().empty());
  EXPECT_NE(s.look().bits(), before);
  stack_head seen{0};
  (void)s.pop(links, 1, seen);
  EXPECT_EQ(seen.bits(), s.look().bits());
}

TEST_F(TaggedStack, APopIsNotFooledByAnIndexThatCameBackMeanwhile) {
  links.chain({1, 2, 3});
  push(1, 3);
  links.on_find = [&](std::uint32_t index) {
    if (index != 2) return false;
    // The popper has read that 2 follows 1. Before it swaps, others take all three, and 1 comes back alone.
    links.on_find = nullptr;
    EXPECT_EQ(pop(3), (indices{1, 2, 3}));
    push(1, 1);
    return false;
  };
  EXPECT_EQ(pop(2), indices{1});
  EXPECT_EQ(pop(1), indices{}) << "2 and 3 are in somebody's hands";
}

TEST_F(TaggedStack, ALinkThatNamesNoEventIsReadAgain) {
  push(2, 2);
  push(1, 1);
  links.on_find = [&](std::uint32_t index) { return index == 2 && std::exchange(links.on_find, nullptr) != nullptr; };
  EXPECT_EQ(pop(2), (indices{1, 2}));
}

TEST_F(TaggedStack, AChainTakenMeanwhileIsNotTakenTwice) {
  links.chain({1, 2, 3, 4});
  push(1, 4);
  indices other;
  links.on_find = [&](std::uint32_t index) {
    if (index != 3) return false;
    links.on_find = nullptr;
    other = pop(2);
    return false;
  };
  EXPECT_EQ(pop(3), (indices{3, 4}));
  EXPECT_EQ(other, (indices{1, 2}));
}

TEST(StackHead, KeepsIndexAndTagApart) {
  const stack_head full{UINT64_MAX};
  EXPECT_EQ(full.index(), 0xFFFFFFU);
  EXPECT_EQ(full.popped_to(5).index(), 5U);
  EXPECT_EQ(full.pushed(7).bits(), 7U) << "the tag wraps without touching the index";
}

/// As a pool does: until there was one, or at one instant none.
lists::chain pop_chain(lists& free, event_array& links, std::uint32_t most) {
  for (;;) {
    lists::emptiness seen;
    const auto got = free.pop(links, most, seen);
    if (got.count != 0 || free.still_none(seen)) return got;
  }
}

class FreeLists : public testing::Test {
 protected:
  indices pop(std::uint32_t most = 1) { return indices_of(links, pop_chain(free, links, most)); }
  void push(std::uint32_t index) { free.push(index, links.events[index]); }

  event_array links{16};
  lists free;
};

TEST_F(FreeLists, EmptyGivesNone) {
  EXPECT_EQ(pop(), indices{});
  EXPECT_EQ(pop(100), indices{});
}

TEST_F(FreeLists, P8_ReturnedEventsMigrateOnlyWhenTheServingSideIsEmptyAndAllAtOnce) {
  for (const std::uint32_t i : {1U, 2U, 3U}) push(i);
  EXPECT_EQ(pop(), indices{3}) << "the serving side was empty: 1, 2 and 3 have migrated";
  push(4);
  push(5);
  EXPECT_EQ(pop(), indices{2}) << "4 and 5 lie on the return stack";
  EXPECT_EQ(pop(), indices{1});
  EXPECT_EQ(pop(), indices{5}) << "only now";
  push(6);
  EXPECT_EQ(pop(), indices{4});
  EXPECT_EQ(pop(), indices{6});
  EXPECT_EQ(pop(), indices{});
}

TEST_F(FreeLists, ABatchTakesFromOneSideOnly) {
  for (const std::uint32_t i : {1U, 2U, 3U}) push(i);
  EXPECT_EQ(pop(), indices{3});
  push(4);
  EXPECT_EQ(pop(100), (indices{2, 1}));
  EXPECT_EQ(pop(100), indices{4});
}

TEST_F(FreeLists, AChainComesBackWhole) {
  links.chain({7, 8, 9});
  free.push(7, links.events[9]);
  EXPECT_EQ(pop(2), (indices{7, 8}));
  EXPECT_EQ(pop(2), indices{9});
}

TEST_F(FreeLists, AThreadFindsWhatItReturnedInItsPocket) {
  free.push(links, links.events[1]);
  push(2);
  EXPECT_EQ(free.pop_from_pocket(), &links.events[1]);
  EXPECT_EQ(free.pop_from_pocket(), nullptr) << "what others share is not in it";
  EXPECT_EQ(pop(), indices{2});
}

TEST_F(FreeLists, WhatDoesNotFitIntoThePocketGoesToEverybody) {
  constexpr std::uint32_t count = 10;
  for (std::uint32_t i = 1; i <= count; ++i) free.push(links, links.events[i]);
  std::uint32_t in_pocket = 0;
  while (free.pop_from_pocket() != nullptr) ++in_pocket;
  EXPECT_EQ(in_pocket, chime::sync::own_slots + chime::sync::shared_slots);
  std::uint32_t elsewhere = 0;
  while (pop() != indices{}) ++elsewhere;
  EXPECT_EQ(elsewhere, count - in_pocket);
}

TEST_F(FreeLists, AThreadFindsWhatIsInThePocketOfAnother) {
  std::thread([&] { free.push(links, links.events[5]); }).join();
  EXPECT_EQ(pop(), indices{5});
  EXPECT_EQ(pop(), indices{});
}

/// Threads that take and return, each index marked while it is in hand.
class FreeListsThreads : public testing::Test {
 protected:
  static constexpr std::uint32_t count = 12;

  FreeListsThreads() {
    for (std::uint32_t i = 1; i <= count; ++i) free.push(i, links.events[i]);
  }

  /// How many came; they are marked.
  std::uint32_t take(std::uint32_t most, indices& hand) {
    const auto got = indices_of(links, pop_chain(free, links, most));
    for (const auto index : got) {
      if (in_hand[index].exchange(true)) ++taken_twice;
      hand.push_back(index);
    }
    return static_cast<std::uint32_t>(got.size());
  }
  void give(indices& hand, bool as_chain) {
    for (const auto index : hand) in_hand[index] = false;
    if (as_chain) {
      links.chain(hand);
      free.push(hand.front(), links.events[hand.back()]);
    } else {
      for (const auto index : hand) free.push(links, links.events[index]);
    }
    hand.clear();
  }
  void expect_all_back() {
    EXPECT_EQ(taken_twice, 0U);
    indices hand;
    while (take(count, hand) != 0) {
    }
    EXPECT_EQ(hand.size(), count);
    EXPECT_EQ(taken_twice, 0U);
  }

  event_array links{count};
  lists free;
  std::vector<std::atomic<bool>> in_hand = std::vector<std::atomic<bool>>(count + 1);
  std::atomic<unsigned> taken_twice = 0;
};

TEST_F(FreeListsThreads, P5_NobodyIsToldNoneWhileThereIsOneForEverybody) {
  constexpr std::uint32_t threads = 4;
  constexpr std::uint32_t share = count / threads;
  std::atomic<unsigned> falsely_none = 0;
  chime_test::together(threads, [&](unsigned who) {
    indices hand;
    for (unsigned round = 0; round < 20'000 && falsely_none == 0; ++round) {
      const std::uint32_t wanted = 1 + (round + who) % share;
      while (hand.size() < wanted) {
        if (take(wanted - static_cast<std::uint32_t>(hand.size()), hand) == 0) {
          ++falsely_none;
          return;
        }
      }
      give(hand, round % 2 == 0);
    }
  });
  EXPECT_EQ(falsely_none, 0U);
  if (falsely_none == 0) expect_all_back();
}

// The roles flip at nearly every pop: the hardest case for seeing both sides empty at one instant.
TEST_F(FreeListsThreads, P5_NobodyIsToldNoneWhereEveryPopFlipsTheRoles) {
  constexpr std::uint32_t threads = 4;
  indices spare;
  while (spare.size() < count - threads) (void)take(1, spare);
  std::atomic<unsigned> falsely_none = 0;
  chime_test::together(threads, [&](unsigned) {
    indices hand;
    for (unsigned round = 0; round < 200'000 && falsely_none == 0; ++round) {
      if (take(1, hand) == 0) {
        ++falsely_none;
      } else {
        give(hand, false);
      }
    }
  });
  EXPECT_EQ(falsely_none, 0U);
  give(spare, true);
  if (falsely_none == 0) expect_all_back();
}

TEST_F(FreeListsThreads, P5_NoIndexIsLostOrDoubledWhenThereAreTooFew) {
  constexpr std::uint32_t threads = 4;
  chime_test::together(threads, [&](unsigned who) {
    indices hand;
    for (unsigned round = 0; round < 10'000; ++round) {
      for (unsigned tries = 0; tries < 3 && hand.size() < count / 2; ++tries) {
        (void)take(count / 2, hand);
      }
      if (!hand.empty()) give(hand, (round + who) % 3 == 0);
    }
  });
  expect_all_back();
}

TEST_F(FreeListsThreads, P6_ReturnsOfOneThreadReachAnother) {
  constexpr unsigned rounds = 20'000;
  std::vector<std::atomic<std::uint32_t>> slots(count);  // from the taker to the giver
  chime_test::together(2, [&](unsigned who) {
    for (unsigned i = 0; i < rounds; ++i) {
      auto& slot = slots[i % count];
      indices hand;
      if (who == 0) {
        if (!chime_test::eventually([&] { return slot == 0 && take(1, hand) != 0; })) return;
        slot = hand.front();
      } else {
        if (!chime_test::eventually([&] { return slot != 0; })) return;
        hand = {slot.exchange(0)};
        give(hand, false);
      }
    }
  });
  expect_all_back();
}

}  // namespace
