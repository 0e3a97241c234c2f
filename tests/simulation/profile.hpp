// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What a seed's world is like: which faults happen, how often, and what the program under it does. Drawn anew for each
/// seed, with most things left out of each (swarm testing: Groce and others, 2012), because what always happens hides what
/// needs its absence.
#pragma once

#include <array>
#include <cstdint>

#include "random.hpp"

namespace chime::simulation {

/// What the threads of a world do. The order is that of the weights below.
enum class action : unsigned char {
  acquire,
  release,
  submit,
  signal,
  cancel,
  block,
  show_handle,
  write_foreign,
  submit_operation,
  cancel_operation,
  change_socket,
  replace_socket,
  use_cache,
  wake,
  stop,
  cancel_all,
  trim,
  look_at_stats,
  reopen_pool,
  count
};
inline constexpr auto action_count = static_cast<std::size_t>(action::count);

/// Likelihoods are of 1024.
struct profile {
  // The kernel's faults.
  unsigned early_return = 0;    ///< a wait ends for nothing
  unsigned interrupted = 0;     ///< a sleep or a read ends by a signal handler
  unsigned short_batch = 0;     ///< a wait tells only a part of what has finished
  unsigned wait_fails = 0;      ///< a wait is refused with ENOMEM
  unsigned no_room = 0;         ///< a start finds no room
  unsigned refused = 0;         ///< a start is refused for good
  unsigned ready_at_once = 0;   ///< a start finds the handle ready and does not begin
  unsigned failed_result = 0;   ///< work that was started ends with an error
  unsigned late_stop = 0;       ///< a stop does not end its work, which is told later
  unsigned within_call = 0;     ///< a start or stop makes room by telling results
  unsigned no_memory = 0;       ///< the allocator is empty
  unsigned no_descriptors = 0;  ///< no descriptor can be made
  unsigned clock_jump = 0;      ///< a reading of the clock comes milliseconds after the last one
  unsigned thread_between = 0;  ///< other threads act in the middle of a call
  bool reorders = false;        ///< results are told in any order
  bool reads_at_once = false;   ///< drains read when the signal is written (io_uring), not when they are told (epoll)
  bool looks_cheaply = false;
  bool lacks_pwait2 = false;            ///< as kernels before 5.11
  std::int64_t tick_ns = 1;             ///< at most so much time passes between two readings of the clock
  std::int64_t delay_ns = 1;            ///< at most so much later is a result told
  std::int64_t pause_ns = 1;            ///< at most so long is the time between the acts of other threads
  std::uint32_t descriptor_limit = 0;   ///< open at once
  std::uint32_t pipe_capacity = 65536;  ///< bytes

  // The program.
  std::array<unsigned, action_count> weights{};
  bool crowded = false;
  unsigned deadlines = 0;     ///< of waits, how many have one
  unsigned resubmits = 0;     ///< of completed events, how many wait again at once
  unsigned callbacks = 0;     ///< of completions, how many act
  unsigned late_tickets = 0;  ///< of signals, how many go to any use that there ever was
  std::uint32_t rounds = 0;
  std::uint32_t acts_per_round = 1;

  [[nodiscard]] static profile drawn_from(random_source& random);
  /// From now on nothing goes wrong.
  void calm();
};

}  // namespace chime::simulation
