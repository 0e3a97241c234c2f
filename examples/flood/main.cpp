// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Producers acquire events, submit their waits and signal them, as fast as they can; one loop completes and releases
/// them. Counts every signal and every completion, and fails if one is missing.
#include <fmt/core.h>

#include <array>
#include <chime/chime.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "command_line/command_line.hpp"

namespace {

struct options {
  std::uint64_t events = 1'000'000;
  unsigned producers = 2;
  std::string backend;
};

/// What signals met. One for each producer, on cache lines of its own, and one for their sum.
struct alignas(64) tally {
  std::uint64_t sent = 0;
  std::array<std::uint64_t, 3> met = {};  ///< counted by chime::signal_result

  void count(chime::signal_result result) {
    ++sent;
    ++met[static_cast<std::size_t>(result)];
  }
  [[nodiscard]] std::uint64_t of(chime::signal_result result) const { return met[static_cast<std::size_t>(result)]; }
  void add(const tally& other) {
    sent += other.sent;
    for (std::size_t i = 0; i < met.size(); ++i) met[i] += other.met[i];
  }
};

/// Events in flight, at most; each producer's cache may keep some more to itself.
constexpr std::size_t in_flight = 4096;

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// The pool is empty: all events are on their way through the loop. Spinning keeps the system calls of this program rare;
/// yielding now and then lets the loop run where there are fewer cores than threads. None: the loop has failed.
chime::event acquire_patiently(chime::event_cache& cache, const std::stop_token& stop) {
  constexpr int spins_before_yield = 2000;
  for (int spins = 1; !stop.stop_requested(); ++spins) {
    if (auto got = cache.acquire()) return std::move(*got);
    relax();
    if (spins % spins_before_yield == 0) std::this_thread::yield();
  }
  return {};
}

void produce(const std::stop_token& stop, chime::event_pool& pool, std::uint64_t events, chime::callback done,
             tally& mine) {
  chime::event_cache cache{pool};
  while (mine.sent < events) {
    chime::event ev = acquire_patiently(cache, stop);
    if (!ev) return;
    const chime::ticket ticket = ev.get_ticket();
    std::move(ev).submit(done);
    mine.count(ticket.signal());
  }
}

/// Polls until everything has completed. Stays awake through short gaps, so that signals need not wake it.
std::error_code drain(chime::proactor& loop, const std::uint64_t& completions, std::uint64_t wanted) {
  constexpr int empty_polls_before_sleep = 5'000;
  for (int empty = 0; completions < wanted;) {
    const auto ran = loop.poll(std::chrono::nanoseconds(empty < empty_polls_before_sleep ? 0 : -1));
    if (!ran) return ran.error();
    empty = *ran == 0 ? empty + 1 : 0;
  }
  return {};
}

class flood {
 public:
  explicit flood(const options& o) : options_(o), tallies_(o.producers) {}

  [[nodiscard]] chime::result<void> open() {
    if (auto opened = loop_.open({.backend = options_.backend}); !opened) return opened;
    const std::size_t capacity = in_flight + options_.producers * chime::event_cache::limit;
    return pool_.open(loop_, {.initial_capacity = capacity, .maximum_capacity = capacity});
  }

  /// Sends all events, and waits for the last completion.
  [[nodiscard]] std::error_code run() {
    auto count_one = [this](chime::completion&& done) { completions_ += done.error ? 0 : 1; };
    std::vector<std::jthread> producers;
    for (unsigned i = 0; i < options_.producers; ++i) {
      const std::uint64_t share = (options_.events + i) / options_.producers;  // the rest goes to the last ones
      producers.emplace_back([this, i, share, &count_one](const std::stop_token& stop) {
        produce(stop, pool_, share, count_one, tallies_[i]);
      });
    }
    return drain(loop_, completions_, options_.events);
  }

  /// Prints the counts. False: a signal or a completion is missing.
  [[nodiscard]] bool report(std::chrono::duration<double> took) const {
    tally sum;
    for (const tally& one : tallies_) sum.add(one);
    const auto delivered = sum.of(chime::signal_result::delivered);
    const auto coalesced = sum.of(chime::signal_result::coalesced);
    const auto stale = sum.of(chime::signal_result::stale);
    fmt::print("{} signals: {} delivered, {} coalesced, {} stale; {} completions\n", sum.sent, delivered, coalesced,
               stale, completions_);
    const chime::proactor_stats stats = loop_.stats();
    fmt::print("{} producers on {}: {:.3f} s, {:.0f} events per second, {} sleeps, {} wake-ups\n", options_.producers,
               loop_.backend(), took.count(), static_cast<double>(completions_) / took.count(), stats.sleeps,
               stats.wakeups);
    return delivered + coalesced + stale == sum.sent && completions_ == sum.sent;
  }

 private:
  options options_;
  std::vector<tally> tallies_;
  std::uint64_t completions_ = 0;
  chime::proactor loop_;
  chime::event_pool pool_;  // closes before the loop that it belongs to
};

}  // namespace

int main(int count, char** words) {
  options o;
  CLI::App app{"Sends a flood of events through one loop, and counts them", "flood"};
  app.add_option("--events", o.events, "How many events")->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40U));
  app.add_option("--producers", o.producers, "How many threads send them")->check(CLI::Range(1U, 256U));
  app.add_option("--backend", o.backend, "io_uring, epoll or poll (default: the first that runs here)");
  if (const auto end = chime::programs::parse(app, count, words)) return *end;

  flood all{o};
  if (auto opened = all.open(); !opened) return chime::programs::refuse(app, "cannot start", opened.error());
  const auto start = chime::clock::now();
  if (const auto failed = all.run()) return chime::programs::refuse(app, "cannot go on", failed);
  if (all.report(chime::clock::now() - start)) return 0;
  fmt::print(stderr, "flood: signals or completions are missing\n");
  return chime::programs::exit_failure;
}
