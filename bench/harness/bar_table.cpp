// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The bars. A ratio between two threads depends on how far they are apart, so some limits have three values.
#include "harness/bars.hpp"

namespace chime::bench {

namespace {

using names = std::vector<std::string>;

// Whoever can tell a loop from another thread that something is done.
const names signal_rivals = {"libuv",        "asio",           "libevent",   "epoll-eventfd",
                             "uring-linked", "uring-msg-ring", "uring-futex"};
// Those of them that have a kernel object to show to others, as native events have.
const names descriptor_rivals = {"epoll-eventfd", "uring-linked"};
// Whoever can make a thread without a loop wait for another, for use as it is.
const names blocking_rivals = {"std-semaphore", "std-condition", "baton"};

constexpr std::array<double, 4> always(double limit) { return {limit, limit, limit, limit}; }
// On one processor there is no distance; the nearest counts.
constexpr std::array<double, 4> by_distance(double siblings, double near, double far) {
  return {siblings, siblings, near, far};
}

bar better(std::string case_name, std::string subject, std::array<double, 4> limits, names rivals) {
  return {std::move(case_name), std::move(subject), measure::times_better, limits, std::move(rivals)};
}
bar cost(std::string case_name, std::string subject, std::array<double, 4> limits, names rivals) {
  return {std::move(case_name), std::move(subject), measure::times_cost, limits, std::move(rivals)};
}
bar no_worse(std::string case_name, std::string subject, names rivals) {
  return {std::move(case_name), std::move(subject), measure::no_worse, always(1), std::move(rivals)};
}
bar at_most(std::string case_name, std::string subject, double limit) {
  return {std::move(case_name), std::move(subject), measure::at_most, always(limit), {}};
}
bar at_least(std::string case_name, std::string subject, double limit) {
  return {std::move(case_name), std::move(subject), measure::at_least, always(limit), {}};
}
bar about(std::string case_name, std::string subject, double limit, double slack) {
  return {std::move(case_name), std::move(subject), measure::about, always(limit), {}, {}, slack};
}

void add_pool_bars(std::vector<bar>& table) {
  table.push_back(better("pool/cycle", "chime-cache", always(7), {"seed"}));
  table.push_back(better("pool/cycle", "chime-cache", always(4), {"new-delete"}));
  table.push_back(at_most("pool/cycle:instructions", "chime-cache", 40));
  table.push_back(at_most("pool/cycle:locked", "chime-cache", 0));
  table.push_back(better("pool/cycle", "chime", always(1.4), {"seed"}));
  table.push_back(cost("pool/burst:64", "chime-cache", always(1.75), {"unshared-list"}));
  table.push_back(better("pool/handoff", "chime-cache", by_distance(3, 4, 2.2), {"seed"}));
  table.push_back(better("pool/handoff", "chime-cache", by_distance(5, 6, 3), {"moodycamel"}));
  for (const std::string threads : {"2", "4", "8"}) {
    table.push_back(better("pool/contended:threads-" + threads, "chime-cache", always(4), {"new-delete"}));
    table.push_back(better("pool/contended:threads-" + threads, "chime", always(5), {"seed"}));
    for (const std::string subject : {"chime-cache", "chime"}) {
      table.push_back(at_least("pool/contended:fairness-" + threads, subject, 0.5));
    }
  }
  for (const std::string subject : {"chime-cache", "chime"}) {
    table.push_back({.case_name = "pool/migrate:after-10000",
                     .subject = subject,
                     .how = measure::times_cost,
                     .limits = always(1.5),
                     .comparisons = {subject},
                     .comparison_case = "pool/migrate:after-10"});
  }
}

void add_signal_bars(std::vector<bar>& table) {
  table.push_back(better("signal/throughput", "chime", by_distance(5, 8, 5), signal_rivals));
  table.push_back(better("signal/cycle", "chime", by_distance(25, 25, 15), {"uring-linked"}));
  table.push_back(better("signal/cycle", "chime", always(0.95), {"chime-bare"}));
  table.push_back(better("signal/fanin", "chime", by_distance(4, 4, 3), signal_rivals));
  table.push_back(cost("signal/latency-busy:p50", "chime", always(1.3), {"bare-queue"}));
  table.push_back(no_worse("signal/latency-asleep:p50", "chime", signal_rivals));
  table.push_back(no_worse("signal/latency-asleep:p90", "chime", signal_rivals));
  table.push_back(cost("signal/latency-asleep:p99", "chime", always(1.1), signal_rivals));
  table.push_back(cost("signal/every-10us:p50", "chime", always(0.04), signal_rivals));
}

// Exact numbers of calls have a slack of a twentieth: a sleep may be interrupted, and then is begun anew.
void add_system_call_bars(std::vector<bar>& table) {
  constexpr double slack = 0.05;
  table.push_back(at_most("signal/syscalls:loaded", "chime", 0.002));
  table.push_back(about("signal/syscalls:asleep-io_uring", "chime", 2, slack));
  table.push_back(about("signal/syscalls:asleep-epoll", "chime", 2, slack));
  table.push_back(about("signal/syscalls:asleep-poll", "chime", 3, slack));
  table.push_back(about("signal/idle:syscalls-idle", "chime", 0, 0));
  table.push_back(about("signal/idle:cpu-idle", "chime", 0, slack));
  table.push_back(cost("signal/idle:cpu-100us", "chime", always(1.3), {"chime-no-spin"}));
}

// A guest beside its host's own way of being told by another thread.
void add_guest_bars(std::vector<bar>& table) {
  constexpr double slack = 0.05;
  for (const auto& [guest, host] :
       {std::pair{"chime-in-libuv", "libuv"}, {"chime-in-epoll", "epoll-eventfd"}, {"chime-in-asio", "asio"}}) {
    table.push_back(better("signal/throughput", guest, always(3), {host}));
    for (const std::string case_name : {"signal/latency-busy", "signal/latency-asleep"}) {
      table.push_back(no_worse(case_name + ":p50", guest, {host}));
      table.push_back(no_worse(case_name + ":p99", guest, {host}));
    }
    table.push_back(at_most("signal/syscalls:loaded", guest, 1 + slack));
  }
}

void add_blocking_bars(std::vector<bar>& table) {
  for (const std::string case_name : {"blocking/pingpong", "blocking/pingpong-10us", "blocking/pingpong-asleep"}) {
    for (const std::string percentile : {":p50", ":p99"}) {
      table.push_back(no_worse(case_name + percentile, "chime", blocking_rivals));
    }
  }
}

void add_other_bars(std::vector<bar>& table) {
  table.push_back(about("memory/event:event", "chime", 64, 0));
  table.push_back(at_most("memory/event:cache", "chime", 3072));
  for (const std::string case_name : {"signal/throughput", "signal/latency-asleep:p50", "signal/latency-busy:p50",
                                      "signal/syscalls:loaded", "signal/syscalls:asleep"}) {
    table.push_back(no_worse(case_name, "chime-native", descriptor_rivals));
  }
  for (const std::string what : {"insert", "cancel", "fire"}) {
    table.push_back(no_worse("timer/many:" + what, "chime", {"asio", "libuv"}));
  }
}

}  // namespace

const std::vector<bar>& bar_table() {
  static const std::vector<bar> table = [] {
    std::vector<bar> all;
    add_pool_bars(all);
    add_signal_bars(all);
    add_system_call_bars(all);
    add_guest_bars(all);
    add_blocking_bars(all);
    add_other_bars(all);
    return all;
  }();
  return table;
}

}  // namespace chime::bench
