// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// signal/latency-asleep: from the call of signal to the start of its handler when the loop is blocked in the kernel.
/// What dominates is how long the machine takes to wake a processor, which changes from one moment to the next; so all
/// subjects are measured in one process, ping by ping, 50 us apart, in an order that rotates. A sample has 1,000 pings
/// of each subject (quick: 100).
#include <memory>

#include "cases/percentiles.hpp"
#include "cases/signal_cases.hpp"
#include "cases/signal_run.hpp"

namespace chime::bench {
namespace {

constexpr std::int64_t pause_ns = 50'000;

/// One subject: its loop, and its latencies so far.
class sleeper {
 public:
  sleeper() = default;
  sleeper(const sleeper&) = delete;
  sleeper& operator=(const sleeper&) = delete;
  virtual ~sleeper() = default;
  [[nodiscard]] virtual const char* name() const = 0;
  /// From the signal to the handler.
  virtual std::int64_t ping() = 0;
  virtual void finish() = 0;

  std::vector<std::int64_t> latencies_ns;
};

template <template <class> class Rival>
class sleeping_loop final : public sleeper {
 public:
  explicit sleeping_loop(int cpu) : loop_(one_producer, cpu, true), producer_(loop_.subject(), 0) {}
  [[nodiscard]] const char* name() const override { return name_of<Rival>; }
  std::int64_t ping() override {
    const auto slot = static_cast<unsigned>(pings_++ % one_producer.slots_each);
    const std::int64_t signalled_ns = now_ns();
    producer_.signal(slot);
    loop_.await_return();
    return loop_.started_ns(slot) - signalled_ns;
  }
  void finish() override { loop_.finish(producer_, pings_); }

 private:
  running_loop<Rival, timing::on> loop_;
  typename running_loop<Rival, timing::on>::producer producer_;
  std::uint64_t pings_ = 0;
};

/// Each sleeper once, the first of them a different one in every round.
template <class Use>
void ping_all(std::vector<std::unique_ptr<sleeper>>& sleepers, std::size_t round, Use use) {
  for (std::size_t i = 0; i < sleepers.size(); ++i) {
    sleeper& next = *sleepers[(round + i) % sleepers.size()];
    use(next, next.ping());
    pause_until(now_ns() + pause_ns);
  }
}

std::vector<figure> measure(const sampling& s) {
  const std::size_t rounds = s.quick ? 100 : 1'000;
  constexpr std::size_t warm_up_rounds = 20;  // a loop that spins before it sleeps learns that it does not pay
  std::vector<figure> figures;
  std::vector<std::unique_ptr<sleeper>> sleepers;
  worker(s.second_cpu, [&] {
    sleeping_rivals::for_each([&]<template <class> class Rival>() {
      sleepers.push_back(std::make_unique<sleeping_loop<Rival>>(s.first_cpu));
    });
    for (std::size_t i = 0; i < warm_up_rounds; ++i) ping_all(sleepers, i, [](sleeper&, std::int64_t) {});
    for (std::size_t i = 0; i < rounds; ++i) {
      ping_all(sleepers, i, [](sleeper& one, std::int64_t latency_ns) { one.latencies_ns.push_back(latency_ns); });
    }
    for (auto& one : sleepers) {
      one->finish();
      for (figure& f : percentiles(one->name(), std::move(one->latencies_ns), 1e3)) figures.push_back(std::move(f));
    }
  }).join();
  return figures;
}

}  // namespace

void add_signal_asleep(job_list& jobs) {
  job all{.case_name = "signal/latency-asleep", .subjects = {}, .unit = "us", .sample = measure};
  sleeping_rivals::for_each([&all]<template <class> class Rival>() { all.subjects.emplace_back(name_of<Rival>); });
  jobs.push_back(std::move(all));
}

}  // namespace chime::bench
