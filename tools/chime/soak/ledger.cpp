// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "ledger.hpp"

#include <fmt/format.h>

namespace chime::soak {

void account::count(signal_result result) noexcept {
  ++sent;
  switch (result) {
    case signal_result::delivered:
      ++delivered;
      break;
    case signal_result::coalesced:
      ++coalesced;
      break;
    case signal_result::stale:
      ++stale;
      break;
  }
}

account& account::operator+=(const account& other) noexcept {
  uses += other.uses;
  sent += other.sent;
  delivered += other.delivered;
  coalesced += other.coalesced;
  stale += other.stale;
  foreign += other.foreign;
  consumed += other.consumed;
  dropped += other.dropped;
  return *this;
}

coroutine_books& coroutine_books::operator+=(const coroutine_books& other) noexcept {
  spawned += other.spawned;
  ended += other.ended;
  waits += other.waits;
  succeeded += other.succeeded;
  cancelled += other.cancelled;
  timed_out += other.timed_out;
  withdrawn += other.withdrawn;
  consumed += other.consumed;
  return *this;
}

ledger& ledger::operator+=(const ledger& other) noexcept {
  certain += other.certain;
  raced += other.raced;
  submitted += other.submitted;
  completed += other.completed;
  cancelled += other.cancelled;
  timed_out += other.timed_out;
  blocked += other.blocked;
  operations_submitted += other.operations_submitted;
  operations_completed += other.operations_completed;
  coroutines += other.coroutines;
  return *this;
}

std::vector<std::string> breaches_of(const ledger& sum, std::uint64_t stale_by_pool) {
  std::vector<std::string> wrong;
  const auto equal = [&wrong](const char* what, std::uint64_t left, const char* other, std::uint64_t right) {
    if (left != right) wrong.push_back(fmt::format("{} {} is not {} {}", what, left, other, right));
  };
  equal("signals sent", sum.sent(), "delivered + coalesced + stale", sum.delivered() + sum.coalesced() + sum.stale());
  equal("signals delivered or foreign", sum.certain.delivered + sum.certain.foreign, "consumed + dropped",
        sum.certain.consumed + sum.certain.dropped);
  equal("submits", sum.submitted, "completions", sum.completed);
  equal("operations submitted", sum.operations_submitted, "operations completed", sum.operations_completed);
  const coroutine_books& c = sum.coroutines;
  equal("waits, submitted or blocked, and signals consumed by coroutines", sum.submitted + sum.blocked + c.consumed,
        "consumed + cancelled + timed out", sum.consumed() + sum.cancelled + sum.timed_out);
  equal("coroutines spawned", c.spawned, "coroutines ended", c.ended);
  equal("waits of coroutines", c.waits, "succeeded + cancelled + timed out + withdrawn",
        c.succeeded + c.cancelled + c.timed_out + c.withdrawn);
  equal("stale signals", sum.stale(), "stale signals that the pools counted", stale_by_pool);
  if (sum.raced.consumed > sum.raced.delivered || sum.raced.delivered > sum.raced.consumed + sum.raced.uses) {
    wrong.push_back(fmt::format("of {} uses that were raced for, {} signals were delivered and {} consumed",
                                sum.raced.uses, sum.raced.delivered, sum.raced.consumed));
  }
  return wrong;
}

}  // namespace chime::soak
