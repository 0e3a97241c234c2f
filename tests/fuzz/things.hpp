// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What the model knows of each event, operation, ticket, pool, cache and of the loop.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "face.hpp"
#include "life.hpp"
#include "surroundings.hpp"

namespace fuzz {

/// An event or an operation.
struct thing {
  life is;
  bool in_flight = false;
  bool kernel_has_part = false;  ///< a native event or a watch: the kernel takes its time, and may refuse
  when deadline = when::never;
  std::size_t shortages = 0;    ///< that there had been when it was submitted
  bool certain_before = false;  ///< before this poll it was sure that a completion must come
  bool decided_before = false;  ///< and it had its outcome
  unsigned polls_since = 0;     ///< in which it could have come

  void begin(bool kernel, when end, std::size_t shortages_so_far) noexcept {
    in_flight = true;
    kernel_has_part = kernel;
    deadline = end;
    shortages = shortages_so_far;
    certain_before = decided_before = false;
    polls_since = 0;
  }
  [[nodiscard]] bool deadline_has_passed() const noexcept { return deadline >= when::past; }
};

/// What others, who have the handle of a native event, have done with it in this use.
struct foreign_use {
  bool given_out = false;
  bool over = false;  ///< and nobody will write any more
  std::intptr_t reader = -1;
  std::intptr_t writer = -1;
  unsigned writes = 0;     ///< by anybody, since the last wait that succeeded
  bool is_in = false;      ///< a write that no wait has consumed, for sure
  bool may_be_in = false;  ///< or perhaps
};

struct event_thing : thing {
  bool held = false;  ///< by the session; false in flight
  int pool = 0;
  std::uint64_t use = 0;
  bool native = false;
  foreign_use foreign;

  [[nodiscard]] bool is_out() const noexcept { return held || in_flight; }
};

enum class kind : unsigned char { post, timer, watch };

struct operation_thing : thing {
  fuzz::kind kind = kind::post;
  bool stops_the_loop = false;
  // Of watches.
  int channel = -1;  ///< negative: what is always ready, or no handle at all
  bool writable = false;
  bool bad_handle = false;
  bool was_ready = false;  ///< at some moment since it was submitted
};

struct ticket_thing {
  int event = -1;  ///< negative: default-made
  std::uint64_t use = 0;
  int pool = 0;
};

struct pool_thing {
  enum class door : unsigned char { closed, open, closing };
  door state = door::closed;
  pool_wish wish = {};
  std::size_t made = 0;
  std::size_t held = 0;
  std::uint64_t stale = 0;
};

struct cache_thing {
  bool exists = false;
  int pool = 0;
};

struct loop_thing {
  bool open = false;
  unsigned batch = 0;
  bool stop_pending = false;
  bool wake_is_sure = false;    ///< the next poll(-1) returns at once
  bool wake_may_be = false;     ///< or perhaps
  bool failure_may_be = false;  ///< the next poll may tell of one that the last one met
  std::uint64_t completions = 0;
};

}  // namespace fuzz
