// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What happened in a simulation: counted by kind, folded into a hash by which two runs of a seed are compared, printed
/// when a seed is replayed, and the last of it told when something is wrong.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace chime::simulation {

/// Every kind of thing that can happen. The names are in journal.cpp, in this order.
enum class step : unsigned char {
  // What the program does, by what came of it.
  acquired,
  acquired_from_cache,
  found_exhausted,
  found_no_memory,
  found_no_descriptor,
  found_closed,
  released,
  released_to_cache,
  submitted,
  submitted_signalled,
  submitted_with_deadline,
  signal_delivered,
  signal_coalesced,
  signal_stale,
  cancel_won,
  cancel_lost,
  blocked,
  block_signalled,
  block_timed_out,
  handle_shown,
  foreign_write,
  foreign_use_ended,
  timer_submitted,
  watch_submitted,
  post_submitted,
  operation_cancel_won,
  operation_cancel_lost,
  drain_submitted,
  drained,
  import_written,
  import_read,
  socket_changed,
  socket_replaced,
  cache_made,
  cache_detached,
  cache_destroyed,
  woken,
  stopped,
  ran_until_stop,
  cancelled_all,
  trimmed,
  looked_at_stats,
  pool_opened,
  pool_open_failed,
  pool_closed,
  pool_still_out,
  opened_on_simulated,
  opened_on_epoll,
  opened_on_poll,
  opened_as_guest,
  loop_open_failed,
  polled,
  poll_failed,
  host_slept,
  // What it was told.
  event_succeeded,
  event_cancelled,
  event_timed_out,
  event_failed,
  operation_succeeded,
  operation_cancelled,
  operation_failed,
  // What the kernel did.
  slept,
  rang,
  wrote,
  has_read,
  work_started,
  work_finished,
  // What the kernel and others did wrong.
  early_return,
  interrupted_wait,
  interrupted_read,
  short_batch,
  wait_failed,
  reordered,
  no_room,
  refused,
  ready_at_once,
  failed_result,
  late_stop,
  late_stop_overtaken,
  within_call,
  no_memory,
  no_descriptors,
  number_reused,
  primitive_full,
  futex_spurious,
  clock_jump,
  thread_between,
  backend_missing,
  count
};
inline constexpr auto step_count = static_cast<std::size_t>(step::count);

[[nodiscard]] std::string_view name_of(step s);

/// How often each happened.
using tally = std::array<std::uint64_t, step_count>;

class journal {
 public:
  journal(std::uint64_t seed, bool prints) noexcept : seed_(seed), prints_(prints) {}

  void note(step s, std::int64_t now_ns, unsigned thread, std::int64_t a = 0, std::int64_t b = 0) noexcept;
  /// Says what is wrong, how it came to that, and how to see it again; then aborts.
  [[noreturn]] void fail(const char* what, std::int64_t a, std::int64_t b) const noexcept;

  [[nodiscard]] const tally& counts() const noexcept { return counts_; }
  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }

 private:
  struct entry {
    std::int64_t now_ns = 0;
    std::int64_t a = 0;
    std::int64_t b = 0;
    step what{};
    unsigned thread = 0;
  };
  static constexpr std::size_t remembered = 64;
  static void print(const entry& e) noexcept;

  std::uint64_t seed_;
  bool prints_;
  std::uint64_t hash_ = 14695981039346656037ULL;
  std::uint64_t steps_ = 0;
  tally counts_{};
  std::array<entry, remembered> last_;
};

}  // namespace chime::simulation
