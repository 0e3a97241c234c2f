// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "explorer/blocking.hpp"

#include <limits>
#include <string>

namespace chime::explore {
namespace {

constexpr unsigned everybody = std::numeric_limits<unsigned>::max();

// Doorbells and futex words are numbered apart.
std::uint64_t doorbell_key(number n) { return std::uint64_t{n} * 2; }
std::uint64_t futex_key(number n) { return std::uint64_t{n} * 2 + 1; }

}  // namespace

// The number is read before the point: while other threads run there, the doorbell's memory may go.
void doorbell::begin(const char* what) noexcept {
  execution& run = execution::current();
  const number n = life_.explored_number();
  run.point();
  if (run.telling()) run.tell(std::string(what) + " doorbell #" + std::to_string(n));
  (void)run.values().read_cell(n, &life_);
}

void doorbell::ring() noexcept {
  begin("rings");
  ++count_;
  execution& run = execution::current();
  run.wake(doorbell_key(life_.explored_number()), everybody);
  run.stir(nullptr);
}

bool doorbell::wait(bool may_time_out) noexcept {
  begin("waits for");
  execution& run = execution::current();
  while (count_ == 0) {
    if (!run.block(doorbell_key(life_.explored_number()), may_time_out)) return false;
  }
  count_ = 0;
  return true;
}

bool doorbell::poll() noexcept {
  begin("polls");
  const bool rung = count_ > 0;
  count_ = 0;
  return rung;
}

bool detail::futex_wait(number word_number, const void* owner, word expected, bool may_time_out) noexcept {
  execution& run = execution::current();
  run.point();
  if (run.values().latest(word_number, owner) != expected) {
    if (run.telling()) run.tell("need not wait for atomic #" + std::to_string(word_number));
    return true;
  }
  return run.block(futex_key(word_number), may_time_out);
}

void detail::futex_wake(number word_number, unsigned limit) noexcept {
  execution& run = execution::current();
  run.point();
  if (run.telling()) run.tell("wakes waiters of atomic #" + std::to_string(word_number));
  run.wake(futex_key(word_number), limit);
}

}  // namespace chime::explore
