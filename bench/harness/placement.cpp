// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "harness/placement.hpp"

#include <atomic>
#include <cstdint>
#include <exception>
#include <thread>
#include <vector>

#include "harness/clock.hpp"
#include "harness/statistics.hpp"
#include "harness/thread.hpp"

namespace chime::bench {

namespace {

// Round trips cluster around 50, 140 and 560 ns: siblings share their first cache, near ones the last, far ones a link
// between chips. The limits lie in the gaps, geometrically about halfway.
constexpr double near_from_ns = 95;
constexpr double far_from_ns = 300;

// The median of the batches forgets the moments in which the host took a processor away.
constexpr int batches = 15;
constexpr std::uint64_t trips_per_batch = 400;

struct ball {
  alignas(apart) std::atomic<std::uint64_t> side{0};  // even: the caller's, odd: the other's
  alignas(apart) std::atomic<bool> failed{false};
};

void return_serves(ball& line, int cpu, std::exception_ptr& error) {
  try {
    pin_to(cpu);
  } catch (...) {
    error = std::current_exception();
    line.failed.store(true, std::memory_order_release);
    return;
  }
  for (std::uint64_t trip = 0; trip < batches * trips_per_batch; ++trip) {
    spin_until([&] { return line.side.load(std::memory_order_acquire) == 2 * trip + 1; });
    line.side.store(2 * trip + 2, std::memory_order_release);
  }
}

}  // namespace

std::string_view name_of(placement place) {
  constexpr std::array<std::string_view, all_placements.size()> names = {"one", "siblings", "near", "far"};
  return names[static_cast<std::size_t>(place)];
}

std::optional<placement> placement_named(std::string_view name) {
  for (const placement place : all_placements) {
    if (name_of(place) == name) return place;
  }
  return std::nullopt;
}

placement classify(double round_trip_ns) {
  if (round_trip_ns < near_from_ns) return placement::siblings;
  return round_trip_ns < far_from_ns ? placement::near : placement::far;
}

double line_round_trip_ns(int second_cpu) {
  ball line;
  std::exception_ptr error;
  std::jthread other([&] { return_serves(line, second_cpu, error); });
  std::vector<double> per_trip;
  for (std::uint64_t batch = 0, trip = 0; batch < batches; ++batch) {
    const std::int64_t begin = now_ns();
    for (const std::uint64_t end = trip + trips_per_batch; trip < end; ++trip) {
      line.side.store(2 * trip + 1, std::memory_order_release);
      spin_until([&] {
        return line.side.load(std::memory_order_acquire) == 2 * trip + 2 || line.failed.load(std::memory_order_acquire);
      });
      if (line.failed.load(std::memory_order_acquire)) {
        other.join();
        std::rethrow_exception(error);
      }
    }
    per_trip.push_back(static_cast<double>(now_ns() - begin) / static_cast<double>(trips_per_batch));
  }
  return summarise(per_trip).median;
}

}  // namespace chime::bench
