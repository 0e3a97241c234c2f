// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "soak.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <thread>

#include "closing.hpp"
#include "host.hpp"
#include "memory.hpp"
#include "producer.hpp"

namespace chime::soak {
namespace {

/// Between two rests. Long enough that bringing everything to rest costs nothing.
constexpr std::chrono::milliseconds work_time{1000};
constexpr std::chrono::seconds patience{30};
constexpr std::chrono::milliseconds at_once{0};
constexpr std::chrono::milliseconds beyond_any_spin{1};
/// What a heap may need more, for its own reasons, than it did at the first rest.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t resident_allowance = SIZE_MAX;  // they keep what is freed
#else
constexpr std::size_t resident_allowance = std::size_t{16} << 20U;
#endif
constexpr std::size_t native_events = 8;

/// As many as can be out, and what caches may hide: with these, "exhausted" is a breach.
[[nodiscard]] std::size_t capacity_for(unsigned producers) {
  return producers * (producer::events_at_once + event_cache::limit + 16) + 16;
}

/// All of it, for one backend.
class soak {
 public:
  soak(const options& o, const std::atomic<bool>& interrupted)
      : options_(o), interrupted_(interrupted), side_{.books = {}, .wrong = wrong_}, meeting_(o.producers) {}

  [[nodiscard]] result<void> open(const std::string& backend) {
    descriptors_before_ = open_descriptors();
    const proactor_options wanted{.backend = backend, .guest = options_.guest, .memory = heap_.get()};
    if (auto opened = loop_.open(wanted); !opened) return opened;
    if (options_.guest) host_ = std::make_unique<host>(loop_, wrong_);
    const std::size_t capacity = capacity_for(options_.producers);
    if (auto opened = pool_.open(loop_, {.maximum_capacity = capacity, .memory = heap_.get()}); !opened) return opened;
    const auto opened =
        native_pool_.open(loop_, {.maximum_capacity = native_events, .native = true, .memory = heap_.get()});
    bytes_open_ = heap_.bytes();
    return opened;
  }

  [[nodiscard]] outcome run();

 private:
  void start();
  void block();
  void work_for(std::chrono::milliseconds);
  void compare(outcome&);
  void compare_memory(outcome&);
  void compare_turns(outcome&);
  void drive();
  [[nodiscard]] std::size_t library_bound() const;
  void wait_until_nothing_is_held();
  void end();
  void close(outcome&);

  const options options_;
  const std::atomic<bool>& interrupted_;
  std::size_t descriptors_before_ = 0;
  counted_heap heap_;
  breaches wrong_;
  polling_side side_;
  gate meeting_;
  proactor loop_;
  event_pool pool_;
  event_pool native_pool_;
  common common_{loop_, pool_, native_pool_, side_, wrong_, meeting_};
  std::vector<std::unique_ptr<producer>> producers_;
  std::unique_ptr<host> host_;  ///< null: the loop has a thread to itself
  ledger blocked_;              ///< the coordinator's own
  std::atomic<bool> finished_ = false;
  std::vector<std::thread> threads_;
  std::size_t bytes_open_ = 0;
  std::size_t resident_first_ = 0;
  std::size_t descriptors_first_ = 0;
};

void soak::start() {
  std::seed_seq seeds{static_cast<std::uint32_t>(options_.seed), static_cast<std::uint32_t>(options_.seed >> 32U)};
  std::vector<std::uint32_t> words(2 * std::size_t{options_.producers});
  seeds.generate(words.begin(), words.end());
  for (unsigned i = 0; i < options_.producers; ++i) {
    const std::uint64_t seed = words[2 * std::size_t{i}] | std::uint64_t{words[2 * std::size_t{i} + 1]} << 32U;
    producers_.push_back(std::make_unique<producer>(common_, seed));
  }
  for (unsigned i = 0; i < options_.producers; ++i) producers_[i]->set_peer(*producers_[(i + 1) % options_.producers]);
  threads_.emplace_back([this] { drive(); });
  for (const auto& one : producers_) threads_.emplace_back([this, &one] { one->run(finished_); });
}

/// The polling thread.
void soak::drive() {
  if (host_ != nullptr) {
    host_->run(finished_);
    return;
  }
  while (!finished_.load(std::memory_order_acquire)) {
    if (const auto ran = loop_.run(); !ran) {
      wrong_.add(fmt::format("the loop ended with: {}", ran.error().message()));
      return;
    }
  }
}

void soak::work_for(std::chrono::milliseconds time) {
  const time_point end = clock::now() + time;
  while (clock::now() < end && !wrong_.any() && !interrupted_.load(std::memory_order_relaxed)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    loop_.wake();
    if (const auto told = close_under_way(loop_, heap_.get()); !told.empty()) wrong_.add(told);
    block();
  }
}

/// Blocks until a producer signals: unlike the producers' own blocking waits this one has nothing that could end it first.
/// Every other signal comes so late that no spin lasts until then: the thread sleeps, and must be woken.
void soak::block() {
  auto got = pool_.acquire();
  if (!got) {
    wrong_.add(fmt::format("no event to be had: {}", got.error().message()));
    return;
  }
  const ticket name = got->get_ticket();
  const time_point begin = clock::now();
  producers_[blocked_.blocked % producers_.size()]->ask_to_signal(
      name, begin + (blocked_.blocked % 4 < 2 ? at_once : beyond_any_spin));
  const time_point deadline = begin + patience;
  const auto waited = got->wait_until(deadline);
  ++blocked_.blocked;
  if (waited && clock::now() < deadline) {
    ++blocked_.certain.consumed;
  } else {
    wrong_.add("a thread that blocked for a producer's signal was not woken");
  }
}

/// What a completion released comes back at the end of its poll.
void soak::wait_until_nothing_is_held() {
  const time_point since = clock::now();
  while (pool_.stats().held + native_pool_.stats().held > 0) {
    if (clock::now() - since > patience) {
      wrong_.add("an event that everybody has released has not come back to its pool");
      return;
    }
    std::this_thread::yield();
  }
}

void soak::compare(outcome& o) {
  wait_until_nothing_is_held();
  o.books = side_.books;
  o.books += blocked_;
  for (const auto& one : producers_) o.books += one->books();
  const pool_stats ordinary = pool_.stats();
  const pool_stats native = native_pool_.stats();
  for (const std::string& told : breaches_of(o.books, ordinary.stale_signals + native.stale_signals)) wrong_.add(told);
  for (const pool_stats& p : {ordinary, native}) {
    if (p.made != p.free + p.cached + p.retired) {
      wrong_.add(fmt::format("of {} events made, {} are free, {} cached, {} retired, and none is held", p.made, p.free,
                             p.cached, p.retired));
    }
  }
  compare_memory(o);
  if (host_ != nullptr) compare_turns(o);
  ++o.rests;
}

/// At most one wake-up between two turns. Nobody wakes the guest while all rest.
void soak::compare_turns(outcome& o) {
  o.wakeups = loop_.stats().wakeups;
  o.turns = host_->turns();
  if (o.wakeups > o.turns) wrong_.add(fmt::format("{} turns of the guest had {} wake-ups", o.turns, o.wakeups));
}

void soak::compare_memory(outcome& o) {
  native_pool_.trim();
  const std::size_t resident = resident_bytes();
  o.library_bytes = heap_.bytes();
  o.descriptors = open_descriptors();
  if (o.rests == 0) {
    resident_first_ = resident;
    descriptors_first_ = o.descriptors;
  }
  o.resident_growth = resident - std::min(resident, resident_first_);
  if (o.resident_growth > resident_allowance) {
    wrong_.add(fmt::format("the process has grown by {} bytes", o.resident_growth));
  }
  if (o.descriptors != descriptors_first_) {
    wrong_.add(fmt::format("{} descriptors are open, {} were at first", o.descriptors, descriptors_first_));
  }
  if (o.library_bytes > library_bound()) {
    wrong_.add(fmt::format("the library holds {} bytes, {} is what it may come to", o.library_bytes, library_bound()));
  }
}

/// Pools never shrink, and what they have at first is chance: what they can come to is the bound.
std::size_t soak::library_bound() const {
  constexpr std::size_t events_of_page = 63;
  const auto pages_of = [](std::size_t events) { return events / events_of_page + 1; };
  // Native events have a second page for each, with what the kernel needs.
  const std::size_t pages = pages_of(capacity_for(options_.producers)) + 2 * pages_of(native_events);
  const std::size_t directories = 2 + 1 + pages / 256;  // what finds them: a root for each pool, and leaves
  const std::size_t homes = options_.producers;         // each less than a page
  return bytes_open_ + (pages + directories + homes) * event_pool::page_size;
}

void soak::end() {
  finished_.store(true, std::memory_order_release);
  meeting_.open();
  loop_.stop();
  for (std::thread& one : threads_) one.join();
}

/// Nothing may be left behind.
void soak::close(outcome& o) {
  producers_.clear();
  host_.reset();
  const std::size_t out = pool_.close() + native_pool_.close();
  if (out > 0) wrong_.add(fmt::format("{} events are out when all is over", out));
  if (const auto closed = loop_.close(); !closed) {
    wrong_.add(fmt::format("the loop cannot be closed: {}", closed.error().message()));
  }
  o.library_bytes_end = heap_.bytes();
  if (o.library_bytes_end != 0) wrong_.add(fmt::format("{} bytes were not given back", o.library_bytes_end));
  if (const std::size_t now = open_descriptors(); now != descriptors_before_) {
    wrong_.add(fmt::format("{} descriptors are open after the end, {} were before", now, descriptors_before_));
  }
}

/// A line now and then: each second at first, less often later.
void tell(const outcome& o) {
  const bool is_due = o.rests <= 10 || o.rests % 10 == 0;
  if (!is_due) return;
  const double signals = static_cast<double>(o.books.sent());
  fmt::print(stderr,
             "soak: {} {:.0f} s, {:.1f} million signals ({:.2f} million a second), {} waits of coroutines, {} rests, "
             "no breach\n",
             o.backend, o.took.count(), signals / 1e6, signals / 1e6 / o.took.count(), o.books.coroutines.waits,
             o.rests);
}

outcome soak::run() {
  outcome o;
  o.backend = fmt::format("{}{}", loop_.backend(), options_.guest ? " as a guest" : "");
  const time_point begin = clock::now();
  start();
  for (bool more = true; more;) {
    work_for(work_time);
    meeting_.close();
    o.took = clock::now() - begin;
    if (!wrong_.any()) compare(o);
    if (wrong_.any()) {
      o.breaches = wrong_.told();
      return o;
    }
    tell(o);
    more = o.took < options_.duration && !interrupted_.load(std::memory_order_relaxed) &&
           (options_.signals == 0 || o.books.sent() < options_.signals);
    if (more) meeting_.open();
    loop_.stop();  // run() returns, and is called again
  }
  end();
  close(o);
  o.breaches = wrong_.told();
  return o;
}

}  // namespace

result<outcome> run(const std::string& backend, const options& o, const std::atomic<bool>& interrupted) {
  auto all = std::make_unique<soak>(o, interrupted);
  if (const auto opened = all->open(backend); !opened) return std::unexpected(opened.error());
  outcome done = all->run();
  // After a breach threads may use all of it still, and destructors would stop the program for what is in flight.
  if (!done.breaches.empty()) (void)all.release();
  return done;
}

}  // namespace chime::soak
