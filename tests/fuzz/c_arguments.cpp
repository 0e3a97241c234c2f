// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "c_arguments.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "trace.hpp"

namespace fuzz {
namespace {

void expect(int status, int wanted, const char* what) {
  if (status != wanted) trace::fail(what, status, wanted);
}

void null_loops(const present&) {
  auto stats = sized<chime_proactor_stats>();
  expect(chime_proactor_destroy(nullptr), -EINVAL, "destroy null: %d, not %d");
  expect(chime_proactor_poll(nullptr, -1), -EINVAL, "poll null: %d, not %d");
  expect(chime_proactor_run(nullptr), -EINVAL, "run null: %d, not %d");
  expect(chime_proactor_stats_read(nullptr, &stats), -EINVAL, "statistics of null: %d, not %d");
  chime_proactor_stop(nullptr);
  chime_proactor_wake(nullptr);
  if (*chime_proactor_backend(nullptr) != '\0' || *chime_proactor_backend_choice(nullptr) != '\0')
    trace::fail("null has a backend");
}

void null_pools(const present& now) {
  chime_event* got = now.event;
  auto stats = sized<chime_pool_stats>();
  chime_cache cache{};
  expect(chime_pool_acquire(nullptr, &got), -EINVAL, "acquire from null: %d, not %d");
  if (got != nullptr) trace::fail("a refused acquire leaves its result as it was");
  expect(chime_pool_acquire(now.pool, nullptr), -EINVAL, "acquire into null: %d, not %d");
  expect(chime_pool_stats_read(nullptr, &stats), -EINVAL, "statistics of null: %d, not %d");
  expect(chime_pool_stats_read(now.pool, nullptr), -EINVAL, "statistics into null: %d, not %d");
  expect(chime_cache_initialize(nullptr, &cache), -EINVAL, "a cache of null: %d, not %d");
  expect(chime_cache_initialize(now.pool, nullptr), -EINVAL, "null as a cache: %d, not %d");
  expect(chime_cache_acquire(nullptr, &got), -EINVAL, "acquire from a null cache: %d, not %d");
  expect(chime_cache_acquire(&cache, nullptr), -EINVAL, "acquire into null: %d, not %d");
  expect(chime_cache_acquire(&cache, &got), -ESHUTDOWN, "acquire from a cache that is none: %d, not %d");
  if (chime_pool_deinitialize(nullptr) != 0) trace::fail("null has events out");
  chime_pool_release(now.pool, nullptr);
  chime_pool_release(nullptr, nullptr);
  chime_cache_release(nullptr, nullptr);
  chime_pool_cancel_all(nullptr);
  chime_pool_trim(nullptr);
  chime_cache_deinitialize(nullptr);
  chime_cache_detach(nullptr);
  chime_cache_deinitialize(&cache);
  chime_cache_detach(&cache);
}

void null_events(const present& now) {
  std::intptr_t handle = 0;
  expect(chime_event_wait(nullptr, -1), -EINVAL, "wait for null: %d, not %d");
  expect(chime_event_native(nullptr, &handle), -EINVAL, "the handle of null: %d, not %d");
  expect(chime_event_native_signal(nullptr, &handle), -EINVAL, "the handle of null: %d, not %d");
  if (now.event != nullptr) {
    expect(chime_event_native(now.event, nullptr), -EINVAL, "a handle into null: %d, not %d");
    expect(chime_event_native_signal(now.event, nullptr), -EINVAL, "a handle into null: %d, not %d");
  }
  chime_event_foreign_use_ended(nullptr);
  const chime_ticket none = chime_event_ticket(nullptr);
  expect(chime_signal(none), CHIME_STALE, "the ticket of null signals: %d, not %d");
  if (chime_ticket_cancel(none) || !chime_ticket_expired(none)) trace::fail("the ticket of null lives");
}

void null_operations(const present& now) {
  chime_operation never_submitted{};
  if (chime_cancel(nullptr, &never_submitted) || chime_cancel(now.loop, nullptr) ||
      chime_cancel(now.loop, &never_submitted)) {
    trace::fail("what was never submitted was cancelled");
  }
}

void odd_loop_options(const present&) {
  struct {
    chime_proactor_options known;
    std::uint64_t unknown;
  } later{.known = {}, .unknown = 1};
  later.known.size = sizeof later;
  later.known.backend = "poll";
  chime_proactor* made = nullptr;
  expect(chime_proactor_create(&later.known, &made), -E2BIG, "options that nobody knows: %d, not %d");
  later.known.size = sizeof later.known - 1;
  expect(chime_proactor_create(&later.known, &made), -EINVAL, "options that are too short: %d, not %d");
  expect(chime_proactor_create(nullptr, &made), -EINVAL, "no options: %d, not %d");
  later.known.size = sizeof later.known;
  expect(chime_proactor_create(&later.known, nullptr), -EINVAL, "a loop into null: %d, not %d");
  if (made != nullptr) trace::fail("a refused loop was made");
}

/// A loop besides the one that the session drives.
void second_loop(const present&) {
  auto options = sized<chime_proactor_options>();
  options.backend = "poll";
  chime_proactor* made = nullptr;
  const int status = chime_proactor_create(&options, &made);
  if (status == -EMFILE) return;
  expect(status, 0, "a second loop: %d, not %d");
  expect(chime_proactor_poll(made, 0), 0, "its poll: %d, not %d");
  expect(chime_proactor_destroy(made), 0, "its end: %d, not %d");
}

void odd_pool_options(const present& now) {
  alignas(64) std::array<unsigned char, 2 * sizeof(chime_pool)> storage{};
  auto* const aligned = reinterpret_cast<chime_pool*>(storage.data());
  auto* const odd = reinterpret_cast<chime_pool*>(storage.data() + 8);
  auto options = sized<chime_pool_options>();
  const chime_allocator heap{};
  expect(chime_pool_initialize(nullptr, heap, 0, aligned), -EINVAL, "a pool without a loop: %d, not %d");
  expect(chime_pool_initialize_with(nullptr, heap, &options, aligned), -EINVAL, "a pool without a loop: %d, not %d");
  if (now.loop == nullptr) return;
  expect(chime_pool_initialize(now.loop, heap, 0, nullptr), -EINVAL, "a pool into null: %d, not %d");
  expect(chime_pool_initialize(now.loop, heap, 0, odd), -EINVAL, "a pool out of line: %d, not %d");
  expect(chime_pool_initialize_with(now.loop, heap, nullptr, aligned), -EINVAL, "no options: %d, not %d");
  options.primitive = 3;
  expect(chime_pool_initialize_with(now.loop, heap, &options, aligned), -EINVAL, "an unknown primitive: %d, not %d");
  options.size = sizeof options - 1;
  expect(chime_pool_initialize_with(now.loop, heap, &options, aligned), -EINVAL, "options too short: %d, not %d");
  for (const unsigned char byte : storage) {
    if (byte != 0) trace::fail("a refused pool was touched");
  }
}

void sizes_of_statistics(const present& now) {
  struct {
    chime_pool_stats known;
    std::uint64_t unknown;
  } pool{.known = {}, .unknown = 7};
  pool.known.size = sizeof pool;
  expect(chime_pool_stats_read(now.pool, &pool.known), 0, "larger statistics: %d, not %d");
  if (pool.unknown != 0 || pool.known.size != sizeof pool) trace::fail("statistics that nobody knows were not zeroed");
  pool.known.size = sizeof pool.known - 1;
  expect(chime_pool_stats_read(now.pool, &pool.known), -EINVAL, "statistics that are too short: %d, not %d");
  auto loop = sized<chime_proactor_stats>();
  loop.size = 8;
  expect(chime_proactor_stats_read(now.loop, &loop), -EINVAL, "statistics that are too short: %d, not %d");
}

}  // namespace

void call_with_bad_arguments(unsigned which, present now) {
  constexpr void (*calls[])(const present&) = {null_loops,       null_pools,  null_events,      null_operations,
                                               odd_loop_options, second_loop, odd_pool_options, sizes_of_statistics};
  calls[which % std::size(calls)](now);
}

}  // namespace fuzz
