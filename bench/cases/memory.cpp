// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What an event, a cache and a loop cost in memory.
#include <atomic>
#include <chime/chime.hpp>
#include <cstdint>
#include <new>
#include <vector>

#include "harness/job.hpp"

namespace chime::bench {

namespace {

// The heap, counted. Failing is not its business: the case would stop by the error that comes of it.
class counting_memory {
 public:
  [[nodiscard]] chime::allocator source() { return {.allocate = take, .deallocate = give, .context = this}; }
  [[nodiscard]] std::size_t taken() const { return taken_.load(std::memory_order_relaxed); }

 private:
  static void* take(void* context, std::size_t size, std::size_t alignment) noexcept {
    static_cast<counting_memory*>(context)->taken_.fetch_add(size, std::memory_order_relaxed);
    return ::operator new(size, std::align_val_t(alignment), std::nothrow);
  }
  static void give(void* context, void* block, std::size_t size, std::size_t alignment) noexcept {
    static_cast<counting_memory*>(context)->taken_.fetch_sub(size, std::memory_order_relaxed);
    ::operator delete(block, std::align_val_t(alignment));
  }

  std::atomic<std::size_t> taken_{0};
};

// An event is whole cache lines, or neighbours would share one: so its size is what it takes of its page, without what
// is left over. With the page's header and the lists of pages, it takes a little more.
void add_bytes_of_event(std::vector<figure>& found) {
  constexpr std::size_t line = 64;
  constexpr std::size_t count = 100'000;
  counting_memory memory;
  chime::event_pool pool;
  pool.open({.memory = memory.source()}).value();
  const std::size_t before = memory.taken();
  {
    std::vector<chime::event> held;
    held.reserve(count);
    for (std::size_t i = 0; i < count; ++i) held.push_back(pool.acquire().value());
  }
  const std::size_t bytes = memory.taken() - before;
  found.push_back({"chime", "event", static_cast<double>(bytes / count / line * line)});
  found.push_back({"chime", "event-and-overhead", static_cast<double>(bytes) / static_cast<double>(count)});
}

// There are enough events already, so what is taken now is the cache's own.
void add_bytes_of_cache(std::vector<figure>& found) {
  counting_memory memory;
  chime::event_pool pool;
  pool.open({.initial_capacity = 1'000, .memory = memory.source()}).value();
  const std::size_t before = memory.taken();
  {
    chime::event_cache cache(pool);
    chime::event used = cache.acquire().value();
    const std::size_t bytes = memory.taken() - before + sizeof(chime::event_cache);
    found.push_back({"chime", "cache", static_cast<double>(bytes)});
  }
}

void add_bytes_of_loop(std::vector<figure>& found) {
  counting_memory memory;
  chime::proactor loop;
  loop.open({.memory = memory.source()}).value();
  found.push_back({"chime", "loop", static_cast<double>(memory.taken() + sizeof loop)});
  loop.close().value();
}

std::vector<figure> bytes(const sampling&) {
  std::vector<figure> found;
  add_bytes_of_event(found);
  add_bytes_of_cache(found);
  add_bytes_of_loop(found);
  return found;
}

}  // namespace

void add_memory_cases(job_list& jobs) {
  jobs.push_back({.case_name = "memory/event",
                  .subjects = {"chime"},
                  .unit = "bytes",
                  .cpus = span::one_cpu,
                  .sample = bytes,
                  .once = true});
}

}  // namespace chime::bench
