// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The end of a world: without faults, everything outstanding completes, everything can be had, and everything goes back.
#include <algorithm>

#include "world.hpp"

namespace chime::simulation {
namespace {

/// Far more than is needed: nothing is due later than some milliseconds, nor told later.
constexpr std::int64_t longest_ns = 1'000'000'000;
constexpr unsigned most_polls = 5'000;

}  // namespace

void world::finish() {
  s_.calm = true;
  s_.how.calm();
  for (const int socket : sockets_) set_socket(socket, true, true);
  await([this] { return completing_by_themselves(); });
  end_all_waits();
  await([this] { return outstanding(); });
  check_that_all_can_be_had();
  close_everything();
}

/// Waits that complete if nobody does anything any more.
std::int64_t world::completing_by_themselves() const {
  std::int64_t count = 0;
  for (const event_use& u : uses_) {
    const wait_account& w = u.wait;
    if (w.flying && (w.is_decided() || w.due_ns != kernel::for_ever || (u.is_exact() && u.pending() > 0))) ++count;
  }
  for (const operation_use& o : operations_) {
    if (o.wait.flying && (ends_by_itself(o) || o.wait.must_cancel)) ++count;
  }
  return count;
}

bool world::ends_by_itself(const operation_use& o) const {
  if (o.is == operation_use::kind::watch) return o.kernel_said.has_value() || !o.replaced;
  if (o.is != operation_use::kind::drain) return true;
  const int file = s_.os.file_of(o.handle);
  return o.cancel_came || o.wait.due_ns != kernel::for_ever || file < 0;
}

/// Polls until there are none left. The simulated kernel fails a sleep that nothing will end.
template <class Count>
void world::await(Count left) {
  const std::int64_t begin = s_.os.now_ns();
  for (unsigned polls = 0; left() != 0; ++polls) {
    require(polls < most_polls, "what is owed does not complete, however often one polls", left());
    poll_checked(std::chrono::nanoseconds(-1));
  }
  require(s_.os.now_ns() - begin < longest_ns, "what is owed completes too late", s_.os.now_ns() - begin);
}

/// Half of the waits by a signal, foreign where the handle was given out, and the others by a cancel.
void world::end_all_waits() {
  for (event_use& u : uses_) {
    if (u.dead || !u.wait.flying) continue;
    if (u.shared && !u.foreign_over && one_of(2) == 0) {
      write_foreign(u);
    } else if (one_of(2) == 0) {
      signal(u);
    } else {
      cancel(u);
    }
  }
  for (operation_use& o : operations_) {
    if (o.wait.flying) cancel_operation(o);
  }
}

void world::check_that_all_can_be_had() {
  for (cache_use& c : caches_) {
    if (!c.cache) continue;
    // Whoever had it has ended.
    s_.become(c.bound == cache_use::nobody ? 0 : static_cast<unsigned>(c.bound));
    leave_cache(c);
    s_.become(0);
  }
  for (event_use& u : uses_) {
    if (u.where == event_use::place::at_rest && !u.dead) release(u);
  }
  for (pool_use& p : pools_) {
    if (!p.open) continue;
    look_at_stats(p);
    if (p.closing) continue;
    std::vector<event> all;
    for (;;) {
      result<event> got = p.pool.acquire();
      if (!got) {
        require(got.error() == fault::pool_exhausted, "an acquire fails although there is everything",
                got.error().value());
        break;
      }
      all.push_back(std::move(*got));
    }
    require(all.size() == p.options.maximum_capacity, "a pool does not give what it can",
            static_cast<std::int64_t>(all.size()), static_cast<std::int64_t>(p.options.maximum_capacity));
  }
}

void world::close_everything() {
  for (pool_use& p : pools_) {
    if (p.open) close_pool(p);
    require(!p.open, "a pool cannot be closed");
  }
  // A guest counts a wake-up when it is called for it; the first call may tell an earlier failure.
  for (int calls = 0; guest_ && !loop_.guest_poll(); ++calls) require(calls == 0, "a failure is told twice");
  const proactor_stats stats = loop_.stats();
  require(stats.completions == completions_, "the loop counts other completions",
          static_cast<std::int64_t>(stats.completions), static_cast<std::int64_t>(completions_));
  require(stats.wakeups == s_.log.counts()[static_cast<std::size_t>(step::rang)] && stats.wakeups <= stats.sleeps,
          "the loop counts other wake-ups than the doorbell rang", static_cast<std::int64_t>(stats.wakeups));
  require(loop_.close().has_value(), "the loop cannot be closed");
  for (const int socket : sockets_) require(s_.os.close(socket) == 0, "a socket was closed by the product", socket);
  for (const imported& i : imports_) {
    const std::uint64_t left = s_.os.content(s_.os.file_of(i.handle));
    require(i.written == i.drained + i.stolen + left, "a signal of an imported handle was lost, or told twice",
            i.handle, static_cast<std::int64_t>(i.written - i.drained - i.stolen - left));
    require(s_.os.close(i.handle) == 0, "an imported handle was closed by the product", i.handle);
  }
  require(s_.heap.blocks_out() == 0, "memory was not given back", s_.heap.blocks_out());
  require(s_.os.open_numbers() == 0, "descriptors were not closed", s_.os.open_numbers());
}

outcome run_seed(std::uint64_t seed, bool prints) {
  simulation s(seed, prints);
  world w(s);
  w.open();
  w.run();
  w.finish();
  return {s.log.hash(), s.log.steps(), s.log.counts()};
}

}  // namespace chime::simulation
