// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// pool/migrate: all items are out; the polling thread releases some; how long does a producer's next acquire take?
#include <chrono>

#include "cases/pool_rivals.hpp"
#include "cases/pool_use.hpp"
#include "cases/pool_verify.hpp"

namespace chime::bench {

namespace {

// What the clock itself adds to a time.
std::int64_t clock_cost_ns() {
  std::vector<double> found;
  for (int i = 0; i < 1'000; ++i) {
    const std::int64_t begin_ns = now_ns();
    found.push_back(static_cast<double>(now_ns() - begin_ns));
  }
  return static_cast<std::int64_t>(summarise(std::move(found)).median);
}

template <class Pool>
class pool_migrate {
 public:
  static std::vector<figure> sample(const sampling& how) {
    pool_migrate one(how);
    return {one.measure(how, 10, how.quick ? 100 : 1'000), one.measure(how, 10'000, how.quick ? 9 : 41)};
  }

 private:
  static constexpr std::size_t capacity = 10'001;

  explicit pool_migrate(const sampling& how) : pool_(capacity), held_(capacity) { verify(pool_, how); }

  // The producer keeps its handle from the first acquire on; the two threads take turns.
  figure measure(const sampling& how, std::size_t released, int times) {
    std::vector<double> first_ns;
    worker producer(how.second_cpu, [&] { produce(released, times, first_ns); });
    for (int i = 0; i < times; ++i) {
      await_turn(turn::polling_thread);
      release(released);
      turn_.store(turn::producer, std::memory_order_release);
    }
    await_turn(turn::polling_thread);
    release(capacity);
    return {Pool::name, "after-" + std::to_string(released), summarise(std::move(first_ns)).median};
  }

  void produce(std::size_t released, int times, std::vector<double>& first_ns) {
    const std::int64_t clock_ns = clock_cost_ns();
    typename Pool::user user(pool_);
    std::uint64_t times_empty = 0;
    for (auto& slot : held_) slot.put(acquire_in_the_end(user, times_empty));
    for (int i = 0; i < times; ++i) {
      turn_.store(turn::polling_thread, std::memory_order_release);
      await_turn(turn::producer);
      const std::int64_t begin_ns = now_ns();
      auto first = acquire_in_the_end(user, times_empty);
      first_ns.push_back(static_cast<double>(now_ns() - begin_ns - clock_ns));
      held_[0].put(std::move(first));
      for (std::size_t n = 1; n < released; ++n) held_[n].put(acquire_in_the_end(user, times_empty));
    }
    turn_.store(turn::polling_thread, std::memory_order_release);
  }

  enum class turn : unsigned char { nobody, producer, polling_thread };
  void await_turn(turn whose) {
    await("the other thread's turn", [&] { return turn_.load(std::memory_order_acquire) == whose; });
    turn_.store(turn::nobody, std::memory_order_relaxed);
  }

  void release(std::size_t count) {
    auto drain = [&] {
      for (std::size_t n = 0; n < count; ++n) back_.release(held_[n].take());
    };
    pool_.poll(drain);
  }

  Pool pool_;
  typename Pool::returner back_{pool_};
  std::vector<item_slot<typename Pool::item>> held_;
  alignas(apart) std::atomic<turn> turn_{turn::nobody};
};

}  // namespace

void add_pool_migrate(job_list& jobs) {
  add_jobs<pool_migrate, chime_cache_pool, chime_shared_pool, seed_pool, mutex_vector_pool>(
      jobs, {.name = "pool/migrate", .unit = "ns", .cpus = span::two_cpus});
}

}  // namespace chime::bench
