// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// One event's word with everybody who works on it, for the models of include/chime/detail/word.hpp.
#pragma once

#include "chime/detail/word.hpp"
#include "model.hpp"

#include <array>

namespace chime::models {

using detail::cancel_effect;
using detail::phase;
using detail::signal_effect;
using detail::submit_effect;
using detail::word_value;
using explore::check;
using sync::atomic;
using sync::plain;

inline constexpr word_value fresh{1, 0, phase::idle};

// One event, its loop and its signallers. The ready queue is a count of pushes, since a waiter is in it once at most.
template <class Word>
struct stage {
  Word word;
  plain<int> waiter{0};  // callback and context: written by submit, read by the winner on armed and by the completion
  plain<int> link{0};    // written by whoever pushes
  atomic<int> queue{0};
  explore::doorbell bell;
  std::array<plain<int>, 3> payload{};

  // Ghosts.
  std::array<bool, 3> landed{};  // signals that the word has taken and no completion has consumed
  std::array<bool, 3> consumed{};
  std::uint64_t generation = 1;
  int waits = 0;
  int completions = 0;
  bool cancel_won = false;
  bool timed_out = false;

  explicit stage(word_value start) : word(start) {
    explore::name(queue, "the ready queue");
    explore::name(waiter, "the waiter");
    explore::name(link, "the link");
    explore::name(payload[0], "payload 0");
    explore::name(payload[1], "payload 1");
    explore::name(payload[2], "payload 2");
  }

  void push() {
    link.set(1);
    check(queue.fetch_add(1, std::memory_order_release) == 0, "a waiter was pushed twice");
    bell.ring();
  }

  void signal(std::size_t i, std::uint64_t of_generation = 1) {
    payload[i].set(1);
    const signal_effect effect = word.signal(of_generation);
    check((effect == signal_effect::stale) == (of_generation != generation), "stale, and of this use; or the reverse");
    if (effect == signal_effect::stale) return;
    landed[i] = true;
    if (effect != signal_effect::push) return;
    check(waiter.get() == waits, "the winner sees another wait's waiter");
    push();
  }

  void cancel(std::uint64_t of_generation = 1) {
    const cancel_effect effect = word.cancel(of_generation);
    if (effect == cancel_effect::none) return;
    check(of_generation == generation, "a late cancel stopped another use's wait");
    check(!cancel_won, "two cancels won");
    cancel_won = true;
    if (effect == cancel_effect::push) push();
  }

  void submit(phase rest) {
    waiter.set(waits + 1);
    const submit_effect effect = word.submit(rest);
    ++waits;
    if (effect == submit_effect::push) push();
  }

  void take() {
    while (queue.exchange(0, std::memory_order_acquire) == 0) bell.wait();
    check(link.get() == 1, "taken without a link");
    link.set(0);
  }

  void consume() {
    bool any = false;
    for (std::size_t i = 0; i < landed.size(); ++i) {
      if (!landed[i]) continue;
      check(payload[i].get() == 1, "a signal was consumed without what was written before it");
      landed[i] = false;
      consumed[i] = any = true;
    }
    check(any, "a wait completed without a signal");
  }

  void deliver() {
    const word_value outcome = word.finish();
    const bool stopped = outcome.phase() == phase::stopped || outcome.phase() == phase::stopped_signalled;
    check(stopped || outcome.phase() == phase::fired, "delivered without an outcome");
    check(stopped == (cancel_won || outcome.refused()), "cancelled, and nobody cancelled; or the reverse");
    if (!stopped) consume();
    check(waiter.get() == waits && ++completions == waits, "not one completion for each submit");
    cancel_won = false;
  }

  // What the loop does for one wait. With a deadline, which has passed: it expires once it is armed.
  void complete(bool due) {
    take();
    if (word.peek().phase() == phase::queued && word.arm()) {
      if (due && word.expire()) {
        check(landed == std::array<bool, 3>{} && !cancel_won, "timed out although there was an outcome");
        check(waiter.get() == waits && ++completions == waits, "not one completion for each submit");
        timed_out = true;
        return;
      }
      take();
    }
    deliver();
  }

  // The holder gives the event back and takes it again. A signal that lands before the store is dropped with it.
  void release(bool exact) {
    if (exact) {
      check(word.retire_exact(), "a held event was not releasable");
    } else {
      const word_value now = word.peek();
      check(Word::releasable(now), "a held event was not releasable");
      word.retire(now.next_use());
    }
    ++generation;
    landed = {};
    check(word.peek().bits() == word_value(generation, 0, phase::free).bits(), "the event is not free in its next use");
  }
};

}  // namespace chime::models
