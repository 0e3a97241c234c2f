// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// chime's user-space protocol with nothing around it: no check, no statistic, no error, no owner's handle, no timer
/// and no kernel. What the library's promises cost is the distance to this. It never sleeps, since the cases in which
/// it takes part do not let it.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

#include "harness/clock.hpp"
#include "harness/thread.hpp"
#include "rivals/signal/interface.hpp"
#include "rivals/signal/intrusive_stack.hpp"
#include "rivals/signal/published_ring.hpp"

namespace chime::bench {

/// The event: a word of generation and phase, decided by compare-and-swap, and what runs when its wait ends.
struct alignas(64) bare_event {
  enum phase : std::uint64_t { free, idle, signalled, armed, fired, phases = 16 };

  std::atomic<std::uint64_t> word{free};
  bare_event* next = nullptr;
  void (*function)(void* context, bare_event&) = nullptr;
  void* context = nullptr;
  published_ring<bare_event*>* home = nullptr;
  unsigned number = 0;

  /// Relaxed: for the holder.
  [[nodiscard]] std::uint64_t generation() const { return word.load(std::memory_order_relaxed) / phases; }
  void set(std::uint64_t generation, phase p) { word.store(generation * phases + p, std::memory_order_relaxed); }

  /// Signaller. True: won a wait, must push. Acquire pairs with the arming, release with finish().
  [[nodiscard]] bool signal(std::uint64_t generation) {
    std::uint64_t seen = word.load(std::memory_order_relaxed);
    for (;;) {
      const std::uint64_t found = seen % phases;
      if (seen / phases != generation || found == free) return false;
      const std::uint64_t next_phase = found == armed ? fired : found == idle ? signalled : found;
      if (word.compare_exchange_weak(seen, seen - found + next_phase, std::memory_order_acq_rel,
                                     std::memory_order_relaxed)) {
        return found == armed;
      }
    }
  }
  /// Holder: idle to armed, or signalled to fired. True: must push. Release pairs with signal().
  [[nodiscard]] bool arm() {
    std::uint64_t seen = word.load(std::memory_order_relaxed);
    for (;;) {
      const std::uint64_t found = seen % phases;
      const std::uint64_t next_phase = found == idle ? armed : fired;
      if (word.compare_exchange_weak(seen, seen - found + next_phase, std::memory_order_release,
                                     std::memory_order_relaxed)) {
        return found != idle;
      }
    }
  }
  /// Loop: fired to idle. A read-modify-write, so that it acquires what every coalesced signal released.
  void finish() {
    std::uint64_t seen = word.load(std::memory_order_relaxed);
    while (!word.compare_exchange_weak(seen, seen - seen % phases + idle, std::memory_order_acquire,
                                       std::memory_order_relaxed)) {
    }
  }
};

/// A fast loop falls into lockstep with its producer, in batches of two or three. Waiting a little after a small batch
/// lets the next one grow; after a lone signal nothing waits.
class pacing {
 public:
  void before_take() const {
    while (ready_at_ns_ != 0 && now_ns() < ready_at_ns_) relax();
  }
  void after_batch(unsigned size) {
    if (size != 0) ready_at_ns_ = size > 1 && size < large ? now_ns() + wait_ns : 0;
  }

 private:
  static constexpr unsigned large = 16;
  static constexpr std::int64_t wait_ns = 240;
  std::int64_t ready_at_ns_ = 0;
};

/// Ready queue and poll.
class bare_loop {
 public:
  /// Any thread.
  void signal(bare_event& e, std::uint64_t generation) {
    if (e.signal(generation)) ready_.push(e);
  }
  /// Polling thread: armed when the poll ends, so that no locked instruction stands between two completions.
  void submit_later(bare_event& e) { submitted_.push_back(&e); }
  /// Polling thread: back to where it came from, at the end of the poll.
  void release(bare_event& e) {
    e.set(e.generation() + 1, bare_event::free);
    e.home->stage(&e);
    released_ = e.home;
  }

  void poll() {
    pacing_.before_take();
    unsigned batch = 0;
    for (bare_event* e = ready_.take_all(); e != nullptr; ++batch) {
      bare_event* const newer = e->next;
      e->finish();
      e->function(e->context, *e);
      e = newer;
    }
    pacing_.after_batch(batch);
    for (bare_event* e : submitted_) {
      if (e->arm()) ready_.push(*e);
    }
    submitted_.clear();
    if (released_ != nullptr) std::exchange(released_, nullptr)->publish();
  }

 private:
  intrusive_stack<bare_event> ready_;
  std::vector<bare_event*> submitted_;
  published_ring<bare_event*>* released_ = nullptr;  // one producer, one ring
  pacing pacing_;
};

template <class Handler>
class chime_bare_loop {
 public:
  static constexpr const char* name = "chime-bare";

  chime_bare_loop(layout l, Handler& handler) : handler_(handler), slots_(l.total()) {
    for (unsigned i = 0; i < slots_.size(); ++i) {
      slots_[i].set(1, bare_event::idle);
      slots_[i].number = i;
      slots_[i].context = this;
      slots_[i].function = [](void* self, bare_event& e) { static_cast<chime_bare_loop*>(self)->handler_(e.number); };
    }
  }
  void open() {}
  void close() {}
  void arm(unsigned slot) { loop_.submit_later(slots_[slot]); }
  void poll(bool) { loop_.poll(); }

  class producer {
   public:
    producer(chime_bare_loop& loop, unsigned) : loop_(loop) {}
    void signal(unsigned slot) { loop_.loop_.signal(loop_.slots_[slot], 1); }

   private:
    chime_bare_loop& loop_;
  };

 private:
  Handler& handler_;
  std::vector<bare_event> slots_;
  bare_loop loop_;
};

}  // namespace chime::bench
