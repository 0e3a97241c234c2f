// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// pool/handoff: a producer acquires items and sends them to the polling thread, which releases them. The ring is the
// bound of what is on the way: an empty pool would make its producer ask again and again, which hurts some more than
// others.
#include <stdexcept>
#include <vector>

#include "cases/pool_ring.hpp"
#include "cases/pool_rivals.hpp"
#include "cases/pool_verify.hpp"

namespace chime::bench {

namespace {

template <class Pool>
class pool_handoff {
 public:
  static std::vector<figure> sample(const sampling& how) {
    pool_handoff one(how);
    return {{Pool::name, "", one.measure(how)}};
  }

 private:
  using ring = item_ring<typename Pool::item>;
  static constexpr std::uint64_t most_per_poll = 64;
  static constexpr std::size_t capacity = ring::size + most_per_poll;

  explicit pool_handoff(const sampling& how) : pool_(capacity) { verify(pool_, how); }

  // Millions of items in a second: the median of many slices. One without any item tells that the producer had lost its
  // processor, and nothing of the pool.
  double measure(const sampling& how) {
    constexpr std::int64_t slice_ns = 250'000;
    worker producer(how.second_cpu, [this] { produce(); });
    const int slices = how.quick ? 20 : 80;
    for (int i = 0; i < slices / 5; ++i) rate_of_slice(slice_ns);  // warms up
    std::vector<double> rates;
    for (int i = 0; i < slices; ++i) rates.push_back(rate_of_slice(slice_ns));
    finish();
    std::erase(rates, 0.0);
    if (rates.empty()) throw std::runtime_error("the producer did not run");
    return summarise(std::move(rates)).median;
  }

  void produce() {
    {
      typename Pool::user user(pool_);
      patience room("room in the ring");
      std::uint64_t times_empty = 0;
      while (!stop_.load(std::memory_order_relaxed)) {
        auto item = acquire_in_the_end(user, times_empty);
        while (!way_.push(std::move(item))) room.spin();
        room.renew();
      }
    }
    produced_all_.store(true, std::memory_order_release);
  }

  double rate_of_slice(std::int64_t slice_ns) {
    constexpr int polls_per_look = 16;  // the clock costs more than a poll
    const std::uint64_t before = released_;
    const std::int64_t begin_ns = now_ns();
    std::int64_t passed_ns = 0;
    while (passed_ns < slice_ns) {
      for (int i = 0; i < polls_per_look; ++i) poll();
      passed_ns = now_ns() - begin_ns;
    }
    return static_cast<double>(released_ - before) * 1e3 / static_cast<double>(passed_ns);
  }

  // The producer may wait for items that only polls bring back, and what it sent must come back before the pool ends.
  void finish() {
    stop_.store(true, std::memory_order_relaxed);
    bool last = false;
    await("the producer's end", [&] {
      const bool ended = produced_all_.load(std::memory_order_acquire);
      const std::uint64_t before = released_;
      poll();
      last = ended && released_ == before;
      return last;
    });
  }

  void poll() {
    auto drain = [this] { released_ += way_.take(most_per_poll, [this](auto& slot) { back_.release(slot.take()); }); };
    pool_.poll(drain);
  }

  Pool pool_;
  typename Pool::returner back_{pool_};
  ring way_;
  std::uint64_t released_ = 0;
  alignas(apart) std::atomic<bool> stop_{false};
  std::atomic<bool> produced_all_{false};
};

}  // namespace

void add_pool_handoff(job_list& jobs) {
  add_jobs_of_all<pool_handoff>(jobs, {.name = "pool/handoff", .unit = "M/s", .cpus = span::two_cpus});
}

}  // namespace chime::bench
