// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Bugs that lock-free signalling invites, each as a small model with its correct twin. The explorer must find every
/// bug and pass every twin; otherwise its silence about the real protocols would mean nothing.
#include "explorer/expect.hpp"
#include "explorer/explorer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>

namespace explore = chime::explore;
using chime::sync::atomic;
using chime::sync::plain;
using explore::expect_fails;
using explore::expect_passes;
using std::memory_order_acq_rel;
using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;

namespace {

enum class variant : bool { bug, twin };

// Bounded search and random search both have to tell the variants apart.
void expect_bug_and_twin(void (*model)(variant), const std::string& symptom) {
  explore::options how{.preemptions = 3};
  const auto bug = explore::run(how, [&] { model(variant::bug); });
  expect_fails(bug, symptom);
  expect_passes(explore::run(how, [&] { model(variant::twin); }));

  const auto again = explore::run({.replay = bug.trace}, [&] { model(variant::bug); });
  EXPECT_EQ(again.message, bug.message);

  how.method = explore::search::random;
  how.max_executions = 50'000;
  expect_fails(explore::run(how, [&] { model(variant::bug); }), symptom);
  const auto random_twin = explore::run(how, [&] { model(variant::twin); });
  EXPECT_FALSE(random_twin.failed) << random_twin.report();
}

// A sleeper says in one word that it sleeps and looks into another for work; the pusher does the reverse. Release and
// acquire let both miss each other. With one word for both, the exchange cannot miss.
void lost_wake_up(variant which) {
  constexpr int empty = 0;
  constexpr int work = 1;
  constexpr int asleep = 2;
  atomic<int> head{empty};
  atomic<bool> sleeps{false};
  explore::doorbell bell;
  explore::name(head, "head");
  explore::name(sleeps, "sleeps");
  if (which == variant::bug) {
    explore::threads(
        [&] {
          head.store(work, memory_order_release);
          if (sleeps.load(memory_order_acquire)) bell.ring();
        },
        [&] {
          sleeps.store(true, memory_order_release);
          if (head.load(memory_order_acquire) == empty) bell.wait();
        });
  } else {
    explore::threads(
        [&] {
          if (head.exchange(work, memory_order_release) == asleep) bell.ring();
        },
        [&] {
          int expected = empty;
          if (head.compare_exchange_strong(expected, asleep, memory_order_relaxed)) bell.wait();
          explore::check(head.exchange(empty, memory_order_acquire) == work, "woken without work");
        });
  }
}

TEST(seeded_bugs, lost_wake_up_between_two_words) { expect_bug_and_twin(lost_wake_up, "deadlock"); }

// Two signals for one wait: the second finds the event fired and is coalesced. If it only loads the word, the loop may
// take the event back to idle without seeing what the second signaller wrote, and nothing tells it later.
void coalescing(variant which) {
  enum class phase : int { idle, armed, fired };
  atomic<phase> word{phase::armed};
  std::array<atomic<int>, 2> data{};
  std::array<bool, 2> coalesced{};
  std::array<int, 2> seen{};
  const auto signal = [&](std::size_t i) {
    data[i].store(1, memory_order_relaxed);
    phase now = phase::armed;
    while (true) {
      if (which == variant::bug && now == phase::fired) {
        coalesced[i] = true;
        return;
      }
      if (now == phase::idle) return;
      if (word.compare_exchange_strong(now, phase::fired, memory_order_acq_rel, memory_order_acquire)) {
        coalesced[i] = now == phase::fired;
        return;
      }
    }
  };
  explore::threads([&] { signal(0); }, [&] { signal(1); },
                   [&] {
                     phase fired = phase::fired;
                     if (!word.compare_exchange_strong(fired, phase::idle, memory_order_acquire)) return;
                     for (std::size_t i = 0; i < 2; ++i) seen[i] = data[i].load(memory_order_relaxed);
                   });
  if (word.load(memory_order_relaxed) != phase::idle) return;
  for (std::size_t i = 0; i < 2; ++i) {
    explore::check(!coalesced[i] || seen[i] == 1, "the loop consumed a coalesced signal without its data");
  }
}

TEST(seeded_bugs, coalescing_by_a_plain_load) { expect_bug_and_twin(coalescing, "without its data"); }

// Two events lie on a stack. One thread takes the top and stalls; the other takes both and gives the first one back.
// Without a tag the stalled exchange succeeds and puts the second event, which is held, on the stack.
void stack_pop(variant which) {
  constexpr std::uint64_t index_mask = 0xff;
  constexpr std::uint64_t tag_step = 0x100;
  std::array<atomic<std::uint64_t>, 3> next{};
  std::array<atomic<bool>, 3> held{};
  next[1].store(2, memory_order_relaxed);
  atomic<std::uint64_t> head{1};
  explore::name(head, "head");

  const auto pop = [&]() -> std::uint64_t {
    std::uint64_t top = head.load(memory_order_acquire);
    while (true) {
      const std::uint64_t index = top & index_mask;
      if (index == 0) return 0;
      const std::uint64_t after = (top & ~index_mask) | next[index].load(memory_order_relaxed);
      if (!head.compare_exchange_strong(top, after, memory_order_acq_rel, memory_order_acquire)) continue;
      explore::check(!held[index].exchange(true, memory_order_relaxed), "an event was taken that is held");
      return index;
    }
  };
  const auto push = [&](std::uint64_t index) {
    held[index].store(false, memory_order_relaxed);
    std::uint64_t top = head.load(memory_order_relaxed);
    std::uint64_t mine = 0;
    do {
      next[index].store(top & index_mask, memory_order_relaxed);
      mine = which == variant::bug ? index : ((top & ~index_mask) + tag_step) | index;
    } while (!head.compare_exchange_strong(top, mine, memory_order_release, memory_order_relaxed));
  };

  explore::threads(
      [&] {
        (void)pop();
        (void)pop();
      },
      [&] {
        const std::uint64_t first = pop();
        (void)pop();
        if (first != 0) push(first);
      });
}

TEST(seeded_bugs, untagged_stack_pop) { expect_bug_and_twin(stack_pop, "taken that is held"); }

// A payload travels through a stack of one; the push has to release it.
void publication(variant which) {
  plain<int> payload{0};
  atomic<plain<int>*> head{nullptr};
  explore::threads(
      [&] {
        payload.set(42);
        plain<int>* expected = nullptr;
        (void)head.compare_exchange_strong(expected, &payload,
                                           which == variant::bug ? memory_order_relaxed : memory_order_release,
                                           memory_order_relaxed);
      },
      [&] {
        if (auto* taken = head.exchange(nullptr, memory_order_acquire))
          explore::check(taken->get() == 42, "old payload");
      });
}

TEST(seeded_bugs, missing_release) { expect_bug_and_twin(publication, "data race"); }

// A lock whose taker does not acquire what the last holder released.
void locking(variant which) {
  atomic<bool> locked{false};
  plain<int> count{0};
  const auto add = [&] {
    while (locked.exchange(true, which == variant::bug ? memory_order_relaxed : memory_order_acquire)) {
      chime::sync::relax();
    }
    count.set(count.get() + 1);
    locked.store(false, memory_order_release);
  };
  explore::threads(add, add);
  explore::check(count.get() == 2, "lost an addition");
}

TEST(seeded_bugs, missing_acquire) { expect_bug_and_twin(locking, "data race"); }

// A cancel takes the armed wait and tells the loop. If it frees the event for the next wait before the loop knows, the
// loop completes the next waiter in place of the cancelled one.
void cancelling(variant which) {
  enum class phase : int { idle, armed, stopped };
  atomic<phase> word{phase::idle};
  atomic<int> waiter{0};  // no plain field, so that the model shows the wrong completion and not the race
  atomic<int> ready_queue{0};
  std::array<int, 3> completions{};
  explore::doorbell bell;
  explore::name(word, "event");
  explore::name(waiter, "waiter");

  const auto submit = [&](int who) {
    if (word.load(memory_order_acquire) != phase::idle) return false;
    waiter.store(who, memory_order_relaxed);
    phase expected = phase::idle;
    return word.compare_exchange_strong(expected, phase::armed, memory_order_release, memory_order_relaxed);
  };
  bool again = false;
  (void)submit(1);
  explore::threads([&] { again = submit(2); },
                   [&] {
                     phase expected = phase::armed;
                     const phase target = which == variant::bug ? phase::idle : phase::stopped;
                     if (!word.compare_exchange_strong(expected, target, memory_order_acq_rel, memory_order_relaxed))
                       return;
                     ready_queue.fetch_add(1, memory_order_release);
                     bell.ring();
                   },
                   [&] {
                     bell.wait();
                     explore::check(ready_queue.exchange(0, memory_order_acquire) == 1, "woken without work");
                     const int who = waiter.load(memory_order_relaxed);
                     phase expected = phase::stopped;
                     (void)word.compare_exchange_strong(expected, phase::idle, memory_order_acq_rel,
                                                        memory_order_acquire);
                     ++completions[static_cast<std::size_t>(who)];
                   });
  explore::check(completions[2] == 0, "the second wait was completed in place of the cancelled one");
  explore::check(completions[1] == 1, "the cancelled wait was not completed");
  explore::check(again == (word.load(memory_order_relaxed) == phase::armed), "the second wait is lost");
}

TEST(seeded_bugs, cancel_that_goes_to_idle_before_queueing) {
  expect_bug_and_twin(cancelling, "second wait was completed");
}

}  // namespace
