// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What the signal cases share: a rival's loop running on a thread, and a producer that keeps it busy.
#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "cases/worker.hpp"
#include "harness/clock.hpp"
#include "harness/job.hpp"
#include "harness/thread.hpp"
#include "rivals/signal/interface.hpp"
#include "rivals/signal/published_ring.hpp"

namespace chime::bench {

/// How long a sample keeps a loop busy.
inline std::int64_t length_ns(const sampling& s) { return s.quick ? 5'000'000 : 30'000'000; }

/// What every case has but those that ask for more producers.
inline constexpr layout one_producer{.producers = 1, .slots_each = 64};

/// Whether a loop notes when each handler started.
enum class timing { off, on };

/// A rival on a polling thread of its own: arms every slot, polls, arms again what completes, and tells its producer.
/// Made outside the worker that signals, so that a failure there is told before anything is unwound that the loop uses.
template <template <class> class Rival, timing Timing = timing::off>
class running_loop {
 public:
  struct handler {
    running_loop* loop;
    void operator()(unsigned slot) const { loop->completed(slot); }
  };
  using rival = Rival<handler>;
  using producer = typename rival::producer;

  running_loop(layout l, int cpu, bool may_block)
      : layout_(l),
        may_block_(may_block),
        started_ns_(l.total()),
        returned_(make_rings(l)),
        rival_(l, handler_),
        thread_(cpu, [this] { run(); }) {
    await_asleep("a loop to arm its waits", [this] { return armed_.load(std::memory_order_acquire); });
  }

  [[nodiscard]] rival& subject() { return rival_; }
  [[nodiscard]] slot_ring& returned_to(unsigned index) { return returned_[index]; }
  /// Waits for the only signal under way, of the first producer.
  void await_return() {
    await(rival::name, [this] { return returned_[0].take_all([](unsigned) {}) != 0; });
  }
  /// When the handler of a slot that has returned started.
  [[nodiscard]] std::int64_t started_ns(unsigned slot) const { return started_ns_[slot]; }
  [[nodiscard]] pthread_t thread() { return thread_.handle(); }
  [[nodiscard]] pid_t thread_id() const { return thread_id_; }

  /// After `signals` signals, all of which have returned: one more, which ends the loop. Throws unless the loop ran
  /// exactly as many completions.
  void finish(producer& last, std::uint64_t signals) {
    end_.store(signals + 1, std::memory_order_release);
    last.signal(0);
    await_asleep("a loop's end", [this] { return ended_.load(std::memory_order_acquire); });
    thread_.join();
    if (completions_ != signals + 1) {
      throw std::runtime_error(std::string(rival::name) + ": " + std::to_string(signals + 1) + " signals, " +
                               std::to_string(completions_) + " completions");
    }
  }

 private:
  static std::vector<slot_ring> make_rings(layout l) {
    std::vector<slot_ring> rings;
    for (unsigned i = 0; i < l.producers; ++i) rings.emplace_back(l.slots_each);
    return rings;
  }
  void completed(unsigned slot) {
    if constexpr (Timing == timing::on) started_ns_[slot] = now_ns();
    ++completions_;
    rival_.arm(slot);
    returned_[layout_.producer_of(slot)].stage(slot);
  }
  void run() {
    thread_id_ = gettid();
    rival_.open();
    for (unsigned i = 0; i < layout_.total(); ++i) rival_.arm(i);
    armed_.store(true, std::memory_order_release);
    // The signal that is the last was made after its number was told, so a loop that has run it knows the number.
    while (completions_ < end_.load(std::memory_order_acquire)) {
      rival_.poll(may_block_);
      for (slot_ring& ring : returned_) ring.publish();
    }
    rival_.close();
    ended_.store(true, std::memory_order_release);
  }

  const layout layout_;
  const bool may_block_;
  handler handler_{this};
  pid_t thread_id_ = 0;
  std::atomic<bool> armed_{false};
  std::atomic<bool> ended_{false};
  std::atomic<std::uint64_t> end_{std::numeric_limits<std::uint64_t>::max()};
  alignas(apart) std::uint64_t completions_ = 0;  // the loop's
  std::vector<std::int64_t> started_ns_;
  std::vector<slot_ring> returned_;
  rival rival_;
  worker thread_;
};

/// A producer that has all its slots in flight until time is up, and returns when all have come back. Returns how many
/// signals it made. Producers that share a processor give it away when nothing has come back for a while.
template <class Loop>
std::uint64_t keep_signalling(Loop& loop, typename Loop::producer& with, layout l, unsigned index,
                              std::int64_t end_ns) {
  constexpr unsigned spins_before_yield = 64;
  patience waiting("completions");
  bool over = false;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  unsigned empty = 0;
  for (; sent < l.slots_each; ++sent) with.signal(l.first_of(index) + static_cast<unsigned>(sent));
  for (unsigned round = 1; received < sent; ++round) {
    if (round % 32 == 0 && !over) over = now_ns() >= end_ns;
    const std::uint64_t came = loop.returned_to(index).take_all([&](unsigned slot) {
      if (over) return;
      with.signal(slot);
      ++sent;
    });
    received += came;
    if (came != 0) {
      empty = 0;
      waiting.renew();
    } else if (l.producers > 1 && ++empty % spins_before_yield == 0) {
      std::this_thread::yield();
    } else {
      waiting.spin();
    }
  }
  return sent;
}

}  // namespace chime::bench
