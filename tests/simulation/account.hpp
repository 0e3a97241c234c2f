// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The oracle: what is known of each wait, use and operation from outside, by what the calls returned. Where two calls
/// overlapped, or where only the loop can know who came first, it allows every outcome that could be right, and no other.
#pragma once

#include <cstdint>
#include <optional>

#include "chime/chime.hpp"
#include "kernel.hpp"

namespace chime::simulation {

/// One wait in flight, of an event or an operation.
struct wait_account {
  bool flying = false;
  unsigned number = 0;  ///< waits so far
  std::int64_t due_ns = kernel::for_ever;
  bool may_cancel = false;          ///< somebody is cancelling it
  bool must_cancel = false;         ///< a cancel has said so
  bool must_succeed = false;        ///< a signal has said so
  std::uint64_t kernel_errors = 0;  ///< that there had been when it began

  void begin(std::int64_t due, std::uint64_t errors) {
    *this = {.flying = true, .number = number + 1, .due_ns = due, .kernel_errors = errors};
  }
  [[nodiscard]] bool is_decided() const { return must_cancel || must_succeed; }
};

/// One use of an event, from its acquire to its release.
struct event_use {
  enum class place : unsigned char { at_rest, in_flight, blocked, gone };

  unsigned id = 0;
  unsigned pool = 0;
  event ev;  ///< at rest, or blocked on
  ticket token;
  place where = place::at_rest;
  wait_account wait;
  unsigned delivered = 0;   ///< signals that said so
  unsigned consumed = 0;    ///< waits that succeeded
  unsigned foreign = 0;     ///< writes of others
  bool unsettled = false;   ///< a ticket's write may have come after the wait that it was for
  unsigned signalling = 0;  ///< calls of signal() that are under way
  int read_handle = -1;     ///< of a native event
  int write_handle = -1;
  bool shared = false;  ///< others have the handles
  bool foreign_over = false;
  unsigned foreign_writing = 0;  ///< writes by number that are under way: it must not go back
  bool dead = false;             ///< its pool was closed: no ticket may be touched any more

  /// Signals that are kept or on their way to a completion; exact while no signal is under way and nobody has the handle.
  [[nodiscard]] int pending() const { return static_cast<int>(delivered) - static_cast<int>(consumed); }
  [[nodiscard]] bool is_exact() const { return signalling == 0 && !shared; }
  /// The most waits that may have succeeded. A foreign write, or one of a ticket beside it, may be told twice: as a signal
  /// that is kept, and once more by the handle.
  [[nodiscard]] unsigned credit() const {
    return shared ? 2 * (delivered + signalling + foreign) : delivered + signalling;
  }
};

/// A handle of somebody else that is drained: what was written was read by somebody, or is there.
struct imported {
  int handle = -1;
  std::uint64_t written = 0;
  std::uint64_t drained = 0;
  std::uint64_t stolen = 0;  ///< by another reader
};

/// A timer, watch, post or drain.
struct operation_use {
  enum class kind : unsigned char { timer, watch, post, drain };

  unsigned id = 0;
  std::optional<operation> op;
  kind is = kind::post;
  wait_account wait;
  int handle = -1;  ///< of a watch
  interest wanted = interest::readable;
  bool was_ready = false;          ///< under its number, at some time since the submit
  bool replaced = false;           ///< the number means another file by now
  unsigned calls = 0;              ///< cancels under way: it must not be submitted again
  unsigned import = 0;             ///< of a drain
  bool cancel_came = false;        ///< and had not won: a drain may be cancelled by it, and must end by it
  std::optional<int> kernel_said;  ///< 0: ready, else -errno
};

/// A pool and what is known of it.
struct pool_use {
  event_pool pool;
  pool_options options;
  bool open = false;
  bool closing = false;  ///< close() was called, and some were out
  bool in_close = false;
  unsigned calls = 0;       ///< under way
  unsigned cancelling = 0;  ///< of these, calls of cancel_all()
  unsigned caches = 0;
  bool had_caches = false;
  std::uint64_t out = 0;
  std::uint64_t stale = 0;
};

/// A cache, and the thread that it belongs to.
struct cache_use {
  static constexpr int nobody = -1;
  std::optional<event_cache> cache;
  unsigned pool = 0;
  int bound = nobody;
  bool in_call = false;
};

}  // namespace chime::simulation
