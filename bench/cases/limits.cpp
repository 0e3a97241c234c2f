// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the hardware takes for the parts that everything here is made of: nobody is faster than that.
#include <array>
#include <atomic>
#include <cstdint>

#include "harness/clock.hpp"
#include "harness/job.hpp"
#include "harness/placement.hpp"

namespace chime::bench {

namespace {

// Nanoseconds for one of many calls.
template <class Function>
double ns_per_call(const sampling& how, Function&& function) {
  const std::int64_t calls = how.quick ? 1'000'000 : 10'000'000;
  const std::int64_t begin = now_ns();
  for (std::int64_t i = 0; i < calls; ++i) function();
  return static_cast<double>(now_ns() - begin) / static_cast<double>(calls);
}

std::vector<figure> read_modify_write(const sampling& how) {
  std::atomic<std::uint64_t> word{0};
  return {{"locked-add", "", ns_per_call(how, [&] { word.fetch_add(1, std::memory_order_relaxed); })}};
}

// The least that a pool can do: take the first node of a list, put it back. The compiler must take the list as looked at
// by others in between, as a pool's is.
std::vector<figure> unshared_list(const sampling& how) {
  struct node {
    node* next = nullptr;
  };
  struct list {
    std::array<node, 64> nodes;
    node* head = nullptr;
  } all;
  for (node& each : all.nodes) {
    each.next = all.head;
    all.head = &each;
  }
  return {{"unshared-list", "", ns_per_call(how, [&] {
             node* const taken = all.head;
             all.head = taken->next;
             keep(&all);
             taken->next = all.head;
             all.head = taken;
             keep(&all);
           })}};
}

std::vector<figure> clock_read(const sampling& how) {
  return {{"steady-clock", "", ns_per_call(how, [] { keep(now_ns()); })}};
}

std::vector<figure> line_round_trip(const sampling& how) {
  return {{"cache-line", "", line_round_trip_ns(how.second_cpu)}};
}

}  // namespace

void add_limit_cases(job_list& jobs) {
  jobs.push_back({.case_name = "limit/read-modify-write",
                  .subjects = {"locked-add"},
                  .unit = "ns",
                  .cpus = span::one_cpu,
                  .sample = read_modify_write});
  jobs.push_back({.case_name = "limit/line-round-trip",
                  .subjects = {"cache-line"},
                  .unit = "ns",
                  .cpus = span::two_cpus,
                  .sample = line_round_trip});
  jobs.push_back({.case_name = "limit/unshared-list",
                  .subjects = {"unshared-list"},
                  .unit = "ns",
                  .cpus = span::one_cpu,
                  .sample = unshared_list});
  jobs.push_back({.case_name = "limit/clock-read",
                  .subjects = {"steady-clock"},
                  .unit = "ns",
                  .cpus = span::one_cpu,
                  .sample = clock_read});
}

}  // namespace chime::bench
