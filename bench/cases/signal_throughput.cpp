// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// signal/throughput: one producer with 64 slots in flight. signal/fanin: four with 16 each, on one processor. The loop
/// polls without blocking, for all subjects alike: who sleeps in between is a question of signal/every-10us.
#include <algorithm>
#include <memory>
#include <numeric>
#include <vector>

#include "cases/signal_cases.hpp"
#include "cases/signal_run.hpp"

namespace chime::bench {
namespace {

template <template <class> class Rival>
std::vector<figure> throughput(const sampling& s, layout l) {
  using loop_type = running_loop<Rival>;
  loop_type loop(l, s.first_cpu, false);
  std::vector<std::uint64_t> sent(l.producers);
  std::vector<std::int64_t> began_ns(l.producers);
  std::vector<std::int64_t> ended_ns(l.producers);
  starting_line start(static_cast<int>(l.producers));
  auto produce = [&](unsigned index) {
    typename loop_type::producer producer(loop.subject(), index);
    start.arrive();
    began_ns[index] = now_ns();
    sent[index] = keep_signalling(loop, producer, l, index, began_ns[index] + length_ns(s));
    ended_ns[index] = now_ns();
  };
  {
    std::vector<std::unique_ptr<worker>> producers;
    for (unsigned i = 0; i < l.producers; ++i) {
      producers.push_back(std::make_unique<worker>(s.second_cpu, [&produce, i] { produce(i); }));
    }
  }
  const std::uint64_t all = std::accumulate(sent.begin(), sent.end(), std::uint64_t{0});
  typename loop_type::producer last(loop.subject(), 0);
  loop.finish(last, all);
  const std::int64_t took_ns = *std::ranges::max_element(ended_ns) - *std::ranges::min_element(began_ns);
  return {{.subject = name_of<Rival>,
           .metric = "",
           .value = static_cast<double>(all) * 1e3 / static_cast<double>(took_ns)}};
}

struct adder {
  job_list& jobs;
  const char* case_name;
  layout slots;
  template <template <class> class Rival>
  void operator()() {
    jobs.push_back(
        {.case_name = case_name, .subjects = {name_of<Rival>}, .unit = "M/s", .sample = [l = slots](const sampling& s) {
           return throughput<Rival>(s, l);
         }});
  }
};

}  // namespace

void add_signal_throughput(job_list& jobs) {
  const adder one{jobs, "signal/throughput", one_producer};
  sleeping_rivals::for_each(one);
  spinning_rivals::for_each(one);
  const adder four{jobs, "signal/fanin", {.producers = 4, .slots_each = 16}};
  sleeping_rivals::for_each(four);
  spinning_rivals::for_each(four);
}

}  // namespace chime::bench
