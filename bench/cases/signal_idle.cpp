// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// signal/idle: what a loop costs that has little to do. System calls and processor time of its thread in a second in
/// which nothing is signalled (quick: measured over 0.3 s), and processor time for each second with a signal every
/// 100 us and every 1 ms.
#include <pthread.h>
#include <time.h>

#include "cases/signal_cases.hpp"
#include "cases/signal_run.hpp"
#include "cases/syscall_counter.hpp"

namespace chime::bench {
namespace {

using namespace std::chrono_literals;

/// The processor time of another thread.
std::int64_t processor_time_ns(pthread_t thread) {
  clockid_t clock_of_thread;
  if (const int error = pthread_getcpuclockid(thread, &clock_of_thread); error != 0) {
    throw std::system_error(error, std::generic_category(), "pthread_getcpuclockid");
  }
  timespec time;
  checked(clock_gettime(clock_of_thread, &time), "clock_gettime");
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

/// A blocking loop, its producer, and a signal every `interval_ns` for `lasting_ns`, made by spinning.
template <template <class> class Rival>
class little_work {
 public:
  explicit little_work(int cpu) : loop_(one_producer, cpu, true), producer_(loop_.subject(), 0) {}
  [[nodiscard]] auto& loop() { return loop_; }
  void signal_every(std::int64_t interval_ns, std::int64_t lasting_ns) {
    std::int64_t next_ns = now_ns();
    for (const std::int64_t end_ns = next_ns + lasting_ns; next_ns < end_ns; next_ns += interval_ns) {
      pause_until(next_ns);
      producer_.signal(static_cast<unsigned>(signals_++ % one_producer.slots_each));
      loop_.await_return();
    }
  }
  void finish() { loop_.finish(producer_, signals_); }

 private:
  running_loop<Rival> loop_;
  typename running_loop<Rival>::producer producer_;
  std::uint64_t signals_ = 0;
};

/// Processor time in milliseconds for each second.
template <class Work>
double load(pthread_t thread, Work work) {
  const std::int64_t began_ns = now_ns();
  const std::int64_t before_ns = processor_time_ns(thread);
  work();
  const std::int64_t used_ns = processor_time_ns(thread) - before_ns;
  return static_cast<double>(used_ns) * 1e3 / static_cast<double>(now_ns() - began_ns);
}

/// Lets the time pass in which nothing is signalled.
void idle(const sampling& s) { std::this_thread::sleep_for(s.quick ? 300ms : 1000ms); }

template <template <class> class Rival>
std::vector<figure> processor_time(const sampling& s) {
  std::vector<figure> figures;
  little_work<Rival> work(s.first_cpu);
  worker(s.second_cpu, [&] {
    const pthread_t thread = work.loop().thread();
    const auto add = [&figures](const char* metric, double value) {
      figures.push_back({.subject = name_of<Rival>, .metric = metric, .value = value});
    };
    for (const auto& [metric, interval_ns] : {std::pair{"cpu-100us", 100'000}, std::pair{"cpu-1ms", 1'000'000}}) {
      const std::int64_t lasting_ns = s.quick ? 50'000'000 : 300'000'000;
      work.signal_every(interval_ns, lasting_ns / 5);  // a loop that spins before it sleeps learns what pays
      add(metric, load(thread, [&, every_ns = interval_ns] { work.signal_every(every_ns, lasting_ns); }));
    }
    std::this_thread::sleep_for(10ms);
    add("cpu-idle", load(thread, [&] { idle(s); }));
    work.finish();
  }).join();
  return figures;
}

template <template <class> class Rival>
std::vector<figure> system_calls(const sampling& s) {
  double calls = 0;
  little_work<Rival> work(s.first_cpu);
  worker(s.second_cpu, [&] {
    work.signal_every(100'000, 5'000'000);
    const syscall_counter counter(work.loop().thread_id());
    std::this_thread::sleep_for(10ms);
    const std::uint64_t before = counter.count();
    idle(s);
    calls = static_cast<double>(counter.count() - before);
    work.finish();
  }).join();
  return {{.subject = name_of<Rival>, .metric = "syscalls-idle", .value = calls}};
}

}  // namespace

void add_signal_idle(job_list& jobs) {
  const auto add = [&jobs]<template <class> class Rival>() {
    jobs.push_back(
        {.case_name = "signal/idle", .subjects = {name_of<Rival>}, .unit = "ms", .sample = processor_time<Rival>});
  };
  rivals<chime_loop, chime_loop_without_spin, asio_loop, libuv_loop, epoll_eventfd_loop, libuv_guest_loop>::for_each(
      add);
  // A job of its own, since not every user may count system calls.
  jobs.push_back({.case_name = "signal/idle",
                  .subjects = {name_of<chime_loop>},
                  .unit = "calls",
                  .sample = system_calls<chime_loop>});
}

}  // namespace chime::bench
