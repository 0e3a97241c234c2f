// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// From the call of signal to the start of its handler, both read from the steady clock, which all processors share.
/// signal/latency-busy: the loop polls without blocking, and one signal is under way at a time.
/// signal/every-10us: the loop blocks when it will, and a signal comes every 10 us, returned or not.
#include "cases/percentiles.hpp"
#include "cases/signal_cases.hpp"
#include "cases/signal_run.hpp"

namespace chime::bench {
namespace {

template <template <class> class Rival>
std::vector<figure> busy(const sampling& s) {
  using loop_type = running_loop<Rival, timing::on>;
  constexpr std::int64_t pause_ns = 1'000;
  loop_type loop(one_producer, s.first_cpu, false);
  std::vector<std::int64_t> latencies_ns;
  latencies_ns.reserve(100'000);
  worker(s.second_cpu, [&] {
    typename loop_type::producer producer(loop.subject(), 0);
    const std::int64_t end_ns = now_ns() + length_ns(s);
    std::int64_t now = now_ns();
    for (unsigned slot = 0; now < end_ns || latencies_ns.size() < 100; slot = (slot + 1) % one_producer.slots_each) {
      const std::int64_t signalled_ns = now_ns();
      producer.signal(slot);
      loop.await_return();
      latencies_ns.push_back(loop.started_ns(slot) - signalled_ns);
      now = now_ns();
      pause_until(now + pause_ns);
    }
    loop.finish(producer, latencies_ns.size());
  }).join();
  return percentiles(name_of<Rival>, std::move(latencies_ns), 1);
}

/// A slot that has not come back is waited for; with 64 of them that needs a loop that is 640 us late.
template <template <class> class Rival>
std::vector<figure> regular(const sampling& s) {
  using loop_type = running_loop<Rival, timing::on>;
  constexpr std::int64_t interval_ns = 10'000;
  const auto signals = static_cast<std::uint64_t>(length_ns(s) / interval_ns);
  loop_type loop(one_producer, s.first_cpu, true);
  std::vector<std::int64_t> latencies_ns;
  latencies_ns.reserve(signals);
  worker(s.second_cpu, [&] {
    typename loop_type::producer producer(loop.subject(), 0);
    std::vector<std::int64_t> signalled_ns(one_producer.slots_each);  // 0: not in flight
    const auto collect = [&] {
      loop.returned_to(0).take_all(
          [&](unsigned slot) { latencies_ns.push_back(loop.started_ns(slot) - std::exchange(signalled_ns[slot], 0)); });
    };
    const std::int64_t began_ns = now_ns();
    for (std::uint64_t i = 0; i < signals; ++i) {
      pause_until(began_ns + static_cast<std::int64_t>(i) * interval_ns);
      const auto slot = static_cast<unsigned>(i % one_producer.slots_each);
      await("a slot to come back", [&] { return collect(), signalled_ns[slot] == 0; });
      signalled_ns[slot] = now_ns();
      producer.signal(slot);
    }
    await("the last completions", [&] { return collect(), latencies_ns.size() == signals; });
    loop.finish(producer, signals);
  }).join();
  return percentiles(name_of<Rival>, std::move(latencies_ns), 1e3);
}

}  // namespace

void add_signal_latency(job_list& jobs) {
  const auto add_busy = [&jobs]<template <class> class Rival>() {
    jobs.push_back(
        {.case_name = "signal/latency-busy", .subjects = {name_of<Rival>}, .unit = "ns", .sample = busy<Rival>});
  };
  sleeping_rivals::for_each(add_busy);
  spinning_rivals::for_each(add_busy);
  const auto add_regular = [&jobs]<template <class> class Rival>() {
    jobs.push_back(
        {.case_name = "signal/every-10us", .subjects = {name_of<Rival>}, .unit = "us", .sample = regular<Rival>});
  };
  sleeping_rivals::for_each(add_regular);
}

}  // namespace chime::bench
