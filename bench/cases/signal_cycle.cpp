// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// signal/cycle: the whole use of an event. The producer acquires it, submits its wait and signals it; the loop
/// completes it and releases it. At most 64 are in flight, bounded by a count that the loop publishes after each poll.
///
/// A rival has the interface of rivals/signal/interface.hpp with one change: nothing is armed, and a producer has `void
/// use()`, which takes an event from a pool, submits its wait and signals it. The completion calls the handler, and
/// what was used goes back to the pool before poll returns. The loop does not sleep here, so what a rival would need to
/// wake it for a submitted wait is left out.
#include "cases/signal_cases.hpp"
#include "cases/signal_run.hpp"
#include "rivals/cycle/asio.hpp"
#include "rivals/cycle/chime.hpp"
#include "rivals/cycle/chime_bare.hpp"
#include "rivals/cycle/epoll_eventfd.hpp"
#include "rivals/cycle/uring_linked.hpp"

namespace chime::bench {
namespace {

constexpr unsigned in_flight = 64;

/// The polling side.
template <template <class> class Cycle>
class running_cycle {
 public:
  struct handler {
    std::uint64_t count = 0;
    void operator()() { ++count; }
  };
  using rival = Cycle<handler>;

  explicit running_cycle(int cpu) : rival_(in_flight, handler_), thread_(cpu, [this] { run(); }) {
    await_asleep("a loop to open", [this] { return opened_.load(std::memory_order_acquire); });
  }
  [[nodiscard]] rival& subject() { return rival_; }
  /// Acquire: what was used by that many completions is free again.
  [[nodiscard]] std::uint64_t completed() const { return completed_.load(std::memory_order_acquire); }
  /// When every use has completed. Throws unless there were exactly so many completions.
  void finish(std::uint64_t uses) {
    end_.store(true, std::memory_order_release);
    thread_.join();
    if (handler_.count != uses) {
      throw std::runtime_error(std::string(rival::name) + ": " + std::to_string(uses) + " uses, " +
                               std::to_string(handler_.count) + " completions");
    }
  }

 private:
  void run() {
    rival_.open();
    opened_.store(true, std::memory_order_release);
    for (std::uint64_t published = 0; !end_.load(std::memory_order_acquire);) {
      rival_.poll();
      if (handler_.count == published) continue;
      published = handler_.count;
      completed_.store(published, std::memory_order_release);
    }
    rival_.close();
  }

  alignas(apart) std::atomic<std::uint64_t> completed_{0};
  alignas(apart) std::atomic<bool> opened_{false};
  std::atomic<bool> end_{false};
  alignas(apart) handler handler_;
  rival rival_;
  worker thread_;
};

/// Uses events until time is up and all have completed. Returns how many.
template <class Cycle, class Producer>
std::uint64_t keep_using(const Cycle& cycle, Producer& producer, std::int64_t end_ns) {
  patience waiting("completions");
  std::uint64_t used = 0;
  std::uint64_t completed = 0;
  for (;;) {
    if (const bool full = used - completed == in_flight; full) {
      completed = cycle.completed();
      if (used - completed == in_flight) {
        waiting.spin();
        continue;
      }
      waiting.renew();
    }
    producer.use();
    if (++used % in_flight == 0 && now_ns() >= end_ns) break;
  }
  await("the last completions", [&] { return cycle.completed() == used; });
  return used;
}

template <template <class> class Cycle>
std::vector<figure> measure(const sampling& s) {
  running_cycle<Cycle> cycle(s.first_cpu);
  std::uint64_t used = 0;
  double took_ns = 0;
  worker(s.second_cpu, [&] {
    // Made and destroyed here: a cache belongs to its thread.
    typename running_cycle<Cycle>::rival::producer producer(cycle.subject());
    const std::int64_t began_ns = now_ns();
    used = keep_using(cycle, producer, began_ns + length_ns(s));
    took_ns = static_cast<double>(now_ns() - began_ns);
  }).join();
  cycle.finish(used);
  return {{.subject = name_of<Cycle>, .metric = "", .value = static_cast<double>(used) * 1e3 / took_ns}};
}

}  // namespace

void add_signal_cycle(job_list& jobs) {
  const auto add = [&jobs]<template <class> class Cycle>() {
    jobs.push_back(
        {.case_name = "signal/cycle", .subjects = {name_of<Cycle>}, .unit = "M/s", .sample = measure<Cycle>});
  };
  rivals<chime_cycle, chime_native_cycle, chime_bare_cycle, uring_linked_cycle, epoll_eventfd_cycle,
         asio_cycle>::for_each(add);
}

}  // namespace chime::bench
