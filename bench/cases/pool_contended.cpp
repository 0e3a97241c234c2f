// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// pool/contended: several threads on two processors, each acquiring and releasing one item again and again.
#include <algorithm>
#include <list>
#include <numeric>

#include "cases/pool_rivals.hpp"
#include "cases/pool_use.hpp"
#include "cases/pool_verify.hpp"

namespace chime::bench {

namespace {

struct alignas(apart) thread_count {
  std::uint64_t cycles = 0;
  std::uint64_t times_empty = 0;
};

struct contention {
  std::vector<thread_count> threads;
  std::int64_t span_ns = 0;

  [[nodiscard]] std::uint64_t sum(std::uint64_t thread_count::* what) const {
    return std::accumulate(threads.begin(), threads.end(), std::uint64_t{0},
                           [&](std::uint64_t so_far, const thread_count& each) { return so_far + each.*what; });
  }
  [[nodiscard]] double millions_per_second() const {
    return static_cast<double>(sum(&thread_count::cycles)) * 1e3 / static_cast<double>(span_ns);
  }
  // The slowest thread's part of the mean.
  [[nodiscard]] double fairness() const {
    const auto slowest = std::ranges::min(threads, {}, &thread_count::cycles).cycles;
    return static_cast<double>(slowest * threads.size()) / static_cast<double>(sum(&thread_count::cycles));
  }
};

// Threads that share a processor take turns of about 3 ms: each shall have several.
std::chrono::milliseconds measured_span(const sampling& how, int threads) {
  return std::chrono::milliseconds((how.quick ? 15 : 40) * std::max(threads / 2, 1));
}

template <class Pool>
struct pool_contended {
  static constexpr std::size_t capacity = 1'024;  // enough for all, also if each has a stock of its own

  static void run(Pool& pool, starting_line& start, const std::atomic<bool>& stop, thread_count& into) {
    constexpr int cycles_per_look = 16;
    thread_count mine;
    typename Pool::user user(pool);
    start.arrive();
    while (!stop.load(std::memory_order_relaxed)) {
      for (int i = 0; i < cycles_per_look; ++i) user.release(acquire_in_the_end(user, mine.times_empty));
      mine.cycles += cycles_per_look;
    }
    into = mine;
  }

  static contention contend(Pool& pool, const sampling& how, int threads) {
    contention found{.threads = std::vector<thread_count>(static_cast<std::size_t>(threads))};
    starting_line start(threads + 1);
    alignas(apart) std::atomic<bool> stop{false};
    std::list<worker> workers;
    int number = 0;
    for (thread_count& into : found.threads) {
      workers.emplace_back(number++ % 2 == 0 ? how.first_cpu : how.second_cpu, [&] { run(pool, start, stop, into); });
    }
    start.arrive();
    const std::int64_t begin_ns = now_ns();
    std::this_thread::sleep_for(measured_span(how, threads));
    stop.store(true, std::memory_order_relaxed);
    found.span_ns = now_ns() - begin_ns;
    workers.clear();  // joins
    return found;
  }

  static std::vector<figure> sample(const sampling& how) {
    Pool pool(capacity);
    verify(pool, how);
    std::vector<figure> figures;
    for (const int threads : {2, 4, 8}) {
      const std::string suffix = "-" + std::to_string(threads);
      const contention found = contend(pool, how, threads);
      const double per_million = 1e6 / static_cast<double>(found.sum(&thread_count::cycles));
      figures.push_back({Pool::name, "threads" + suffix, found.millions_per_second()});
      figures.push_back({Pool::name, "fairness" + suffix, found.fairness(), "of the mean"});
      figures.push_back({Pool::name, "wrongly-empty" + suffix,
                         static_cast<double>(found.sum(&thread_count::times_empty)) * per_million, "per million"});
    }
    return figures;
  }
};

}  // namespace

void add_pool_contended(job_list& jobs) {
  add_jobs_of_all<pool_contended>(jobs, {.name = "pool/contended", .unit = "M/s", .cpus = span::two_cpus});
}

}  // namespace chime::bench
