// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// timer/many: a million timers (quick: 100,000) on one thread, in nanoseconds for each. "insert": with random
/// deadlines far away, until the loop has them all. "cancel": all of them in another random order, until all have
/// completed. "fire": inserted again with deadlines that all pass before the loop is polled, from the first poll to the
/// last completion.
///
/// A rival has begin() before each of the three, insert(timer, due), settle() until the loop has what was inserted,
/// cancel(timer), poll() without blocking, and completed(): how many have fired or were cancelled.
#include <algorithm>
#include <chrono>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>

#include "harness/clock.hpp"
#include "harness/job.hpp"
#include "rivals/timer/asio.hpp"
#include "rivals/timer/chime.hpp"
#include "rivals/timer/libuv.hpp"

namespace chime::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t hour_ns = std::chrono::nanoseconds(1h).count();
constexpr std::int64_t window_ns = std::chrono::nanoseconds(100ms).count();

template <class Timers>
class measurement {
 public:
  explicit measurement(std::size_t count) : count_(count), timers_(count) {}

  std::vector<figure> run() {
    const std::int64_t inserted_ns = insert(now_ns() + hour_ns, hour_ns);
    const std::int64_t cancelled_ns = cancel();
    // Late enough that nothing is due while it is being inserted, on a disturbed machine too.
    const std::int64_t window_begins_ns = now_ns() + 4 * inserted_ns + window_ns;
    insert(window_begins_ns, window_ns);
    if (now_ns() >= window_begins_ns) throw std::runtime_error("inserting took longer than the deadlines allow for");
    std::this_thread::sleep_for(std::chrono::nanoseconds(window_begins_ns + window_ns - now_ns()) + 5ms);
    const std::int64_t fired_ns = fire();
    return {figure_of("insert", inserted_ns), figure_of("cancel", cancelled_ns), figure_of("fire", fired_ns)};
  }

 private:
  figure figure_of(const char* metric, std::int64_t all_ns) const {
    return {
        .subject = Timers::name, .metric = metric, .value = static_cast<double>(all_ns) / static_cast<double>(count_)};
  }

  std::int64_t insert(std::int64_t from_ns, std::int64_t range_ns) {
    std::uniform_int_distribution<std::int64_t> moment(from_ns, from_ns + range_ns - 1);
    std::vector<std::int64_t> due_ns(count_);
    for (std::int64_t& due : due_ns) due = moment(random_);
    const std::int64_t began_ns = now_ns();
    timers_.begin();
    for (std::size_t i = 0; i < count_; ++i) timers_.insert(i, due_ns[i]);
    timers_.settle();
    return now_ns() - began_ns;
  }
  std::int64_t cancel() {
    std::vector<std::size_t> order(count_);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::shuffle(order, random_);
    const std::int64_t began_ns = now_ns();
    timers_.begin();
    for (const std::size_t timer : order) timers_.cancel(timer);
    poll_until(count_);
    return now_ns() - began_ns;
  }
  std::int64_t fire() {
    if (timers_.completed() != count_) throw std::runtime_error(std::string(Timers::name) + ": fired before its time");
    const std::int64_t began_ns = now_ns();
    timers_.begin();
    poll_until(2 * count_);
    return now_ns() - began_ns;
  }
  void poll_until(std::size_t completions) {
    const std::int64_t end_ns = now_ns() + std::chrono::nanoseconds(20s).count();
    while (timers_.completed() < completions) {
      timers_.poll();
      if (now_ns() > end_ns) throw std::runtime_error(std::string(Timers::name) + ": timers do not complete");
    }
    if (timers_.completed() != completions) throw std::runtime_error(std::string(Timers::name) + ": completed twice");
  }

  std::size_t count_;
  Timers timers_;
  std::mt19937_64 random_{1};  // the same timers for every subject
};

template <class Timers>
job timer_job() {
  return {.case_name = "timer/many",
          .subjects = {Timers::name},
          .unit = "ns",
          .cpus = span::one_cpu,
          .sample = [](const sampling& s) { return measurement<Timers>(s.quick ? 100'000 : 1'000'000).run(); }};
}

}  // namespace

void add_timer_cases(job_list& jobs) {
  jobs.push_back(timer_job<chime_timers>());
  jobs.push_back(timer_job<asio_timers>());
  jobs.push_back(timer_job<libuv_timers>());
}

}  // namespace chime::bench
