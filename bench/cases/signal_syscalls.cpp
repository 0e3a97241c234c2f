// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// signal/syscalls: system calls for each signal, of producer and loop together. "loaded": 64 in flight, as in
/// signal/throughput, but with polls that may block. "asleep": each signal finds the loop asleep, 1 ms after the one
/// before. The producer waits by spinning, so that all its calls are its signals'.
#include "cases/signal_cases.hpp"
#include "cases/signal_run.hpp"
#include "cases/syscall_counter.hpp"

namespace chime::bench {
namespace {

constexpr std::int64_t settling_ns = 1'000'000;  // long enough for a loop to be asleep for certain

/// The calls of a loop and of the calling thread, its producer, in an interval at whose ends the loop is asleep.
class call_meter {
 public:
  explicit call_meter(pid_t loop) : loop_(loop), own_(0) {}
  void begin() {
    pause_until(now_ns() + settling_ns);
    loop_before_ = loop_.count();
    own_before_ = own_.count();
  }
  [[nodiscard]] double calls() const {
    pause_until(now_ns() + settling_ns);
    const std::uint64_t own = own_.count() - own_before_ - 1;  // this count is a call itself
    return static_cast<double>(own + loop_.count() - loop_before_);
  }

 private:
  syscall_counter loop_;
  syscall_counter own_;
  std::uint64_t loop_before_ = 0;
  std::uint64_t own_before_ = 0;
};

/// Runs `drive(loop, producer)`, which signals, returns how many signals and leaves none in flight: once to warm up,
/// once to count.
template <template <class> class Rival, class Drive>
double calls_for_each_signal(const sampling& s, Drive drive) {
  double calls = 0;
  running_loop<Rival> loop(one_producer, s.first_cpu, true);
  worker(s.second_cpu, [&] {
    typename running_loop<Rival>::producer producer(loop.subject(), 0);
    const std::uint64_t first = drive(loop, producer);
    call_meter meter(loop.thread_id());
    meter.begin();
    const std::uint64_t counted = drive(loop, producer);
    calls = meter.calls() / static_cast<double>(counted);
    loop.finish(producer, first + counted);
  }).join();
  return calls;
}

template <template <class> class Rival>
figure loaded(const sampling& s) {
  const double calls = calls_for_each_signal<Rival>(s, [&s](auto& loop, auto& producer) {
    return keep_signalling(loop, producer, one_producer, 0, now_ns() + length_ns(s));
  });
  return {.subject = name_of<Rival>, .metric = "loaded", .value = calls};
}

template <template <class> class Rival>
figure asleep(const sampling& s, const char* metric) {
  const unsigned signals = s.quick ? 20 : 200;
  const double calls = calls_for_each_signal<Rival>(s, [signals](auto& loop, auto& producer) {
    for (unsigned i = 0; i < signals; ++i) {
      pause_until(now_ns() + settling_ns);
      producer.signal(i % one_producer.slots_each);
      loop.await_return();
    }
    return std::uint64_t{signals};
  });
  return {.subject = name_of<Rival>, .metric = metric, .value = calls};
}

std::vector<figure> measure_chime(const sampling& s) {
  return {loaded<chime_loop>(s), asleep<chime_loop>(s, "asleep-io_uring"),
          asleep<chime_loop_on_epoll>(s, "asleep-epoll"), asleep<chime_loop_on_poll>(s, "asleep-poll")};
}

template <template <class> class Rival>
std::vector<figure> measure(const sampling& s) {
  return {loaded<Rival>(s), asleep<Rival>(s, "asleep")};
}

}  // namespace

void add_signal_syscalls(job_list& jobs) {
  const auto add = [&jobs](const char* subject, std::function<std::vector<figure>(const sampling&)> sample) {
    jobs.push_back(
        {.case_name = "signal/syscalls", .subjects = {subject}, .unit = "calls", .sample = std::move(sample)});
  };
  add(name_of<chime_loop>, measure_chime);
  rivals<chime_native_loop, libuv_loop, asio_loop, libevent_loop, epoll_eventfd_loop, uring_linked_loop,
         uring_msg_ring_loop, uring_futex_loop, libuv_guest_loop, epoll_guest_loop,
         asio_guest_loop>::for_each([&add]<template <class> class Rival>() { add(name_of<Rival>, measure<Rival>); });
}

}  // namespace chime::bench
