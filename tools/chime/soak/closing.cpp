// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "closing.hpp"

#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <thread>

namespace chime::soak {
namespace {

constexpr std::chrono::seconds patience{30};

struct counter {
  std::atomic<unsigned> signalled = 0;
  std::atomic<unsigned> cancelled = 0;
  std::atomic<unsigned> other = 0;

  void completed(completion&& done) noexcept {
    std::atomic<unsigned>& kind = !done.error ? signalled : done.error == errc::cancelled ? cancelled : other;
    done.ev.reset();
    kind.fetch_add(1, std::memory_order_release);
  }
};

class second_pool {
 public:
  [[nodiscard]] std::string live(proactor& loop, const allocator& memory);

 private:
  static constexpr unsigned events = 8;
  [[nodiscard]] std::error_code use();

  counter counts_;
  event_pool pool_;
};

/// Waits for events of which one half is signalled, and cancels what is left. Errors: no event to be had.
std::error_code second_pool::use() {
  event_cache cache{pool_};
  for (unsigned i = 0; i < events; ++i) {
    auto got = i % 3 == 0 ? pool_.acquire() : cache.acquire();
    if (!got) return got.error();
    const ticket name = got->get_ticket();
    std::move(*got).submit(callback::to<&counter::completed>(counts_));
    if (i % 2 == 0) name.signal();
  }
  pool_.cancel_all();
  return {};
}

std::string second_pool::live(proactor& loop, const allocator& memory) {
  if (const auto opened = pool_.open(loop, {.memory = memory}); !opened) {
    return fmt::format("a second pool cannot be opened: {}", opened.error().message());
  }
  if (const auto failed = use()) return fmt::format("a second pool has no event: {}", failed.message());
  for (const time_point since = clock::now(); pool_.close() > 0; std::this_thread::yield()) {
    if (clock::now() - since > patience) return "a second pool cannot be closed";
  }
  const unsigned signalled = counts_.signalled.load(std::memory_order_acquire);
  const unsigned cancelled = counts_.cancelled.load(std::memory_order_acquire);
  if (signalled == events / 2 && cancelled == events / 2) return {};
  return fmt::format("of {} waits of a second pool, {} were signalled, {} cancelled, and {} ended otherwise", events,
                     signalled, cancelled, counts_.other.load(std::memory_order_acquire));
}

}  // namespace

std::string close_under_way(proactor& loop, const allocator& memory) {
  auto all = std::make_unique<second_pool>();
  std::string told = all->live(loop, memory);
  // What has failed is left as it is: destructors would stop the program for what is in flight, and tell less.
  if (!told.empty()) (void)all.release();
  return told;
}

}  // namespace chime::soak
