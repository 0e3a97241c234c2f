// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// One of chime's two interfaces, as the session drives it: everything has a place with a number, calls take numbers and
/// answer in words that both interfaces share. A face judges only what its interface alone can tell (that the event of a
/// completion is the one that was submitted, say); whether an answer is right is the session's to know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "answer.hpp"

namespace fuzz {

inline constexpr int event_places = 400;
inline constexpr int kept_tickets = 16;
/// A ticket's number is its event's place, or one of those that are kept beyond it.
inline constexpr int ticket_places = event_places + kept_tickets;
inline constexpr int operation_places = 24;
inline constexpr int pool_places = 2;
inline constexpr int cache_places = 4;

enum class when : unsigned char { never, far, past, long_past };
enum class release_by : unsigned char { handle, pool, cache };

struct loop_wish {
  const char* backend;
  unsigned batch;
  bool half_allocator;
};

struct pool_wish {
  std::size_t initial;
  std::size_t maximum;
  bool native;
  bool pipe;
  bool has_loop;
  bool half_allocator;
};

struct pool_numbers {
  std::size_t made, free, cached, held, retired;
  std::uint64_t stale;
};

/// Receives completions.
class listener {
 public:
  virtual void event_done(int event, answer) = 0;
  virtual void operation_done(int operation, answer) = 0;

 protected:
  ~listener() = default;
};

class face {
 public:
  virtual ~face() = default;
  /// As this interface tells it: the C interface has one errno for several causes.
  [[nodiscard]] virtual answer as_told(answer precise) const = 0;
  /// Whether a pool can be without a loop, and a proactor be opened twice.
  [[nodiscard]] virtual bool is_cpp() const = 0;

  virtual answer open_loop(const loop_wish&) = 0;
  virtual answer close_loop() = 0;
  virtual answer poll(std::int64_t timeout_ns, std::size_t& ran) = 0;
  virtual answer run() = 0;
  virtual void wake() = 0;
  virtual void stop() = 0;
  virtual std::uint64_t completions() = 0;

  virtual void post(int operation) = 0;
  virtual void timer(int operation, when) = 0;
  virtual void watch(int operation, std::intptr_t handle, bool writable) = 0;
  virtual bool cancel_operation(int operation) = 0;
  /// Ends the operation's memory and begins it anew.
  virtual void renew_operation(int operation) = 0;

  virtual answer open_pool(int pool, const pool_wish&) = 0;
  virtual std::size_t close_pool(int pool) = 0;
  virtual void cancel_all(int pool) = 0;
  virtual void trim(int pool) = 0;
  virtual pool_numbers numbers(int pool) = 0;

  virtual void make_cache(int cache, int pool) = 0;
  virtual void drop_cache(int cache) = 0;
  virtual void detach_cache(int cache) = 0;

  /// From the cache, or from the pool if it is negative.
  virtual answer acquire(int event, int pool, int cache) = 0;
  virtual void release(int event, release_by, int cache) = 0;
  virtual void submit(int event, when) = 0;
  virtual answer block(int event, when) = 0;
  virtual answer native(int event, bool to_write, std::intptr_t& handle) = 0;
  virtual void foreign_use_ended(int event) = 0;

  virtual void copy_ticket(int from, int to) = 0;
  virtual void drop_ticket(int ticket) = 0;
  virtual signalled signal(int ticket) = 0;
  virtual bool cancel(int ticket) = 0;
  virtual bool expired(int ticket) = 0;

  /// One of the calls whose answer needs no model: null, empty and default-made things, options that contradict. `event`
  /// is held, or negative.
  virtual void odd_call(unsigned which, int pool, int event) = 0;
};

/// What a face needs beside its interface.
struct surroundings;
[[nodiscard]] std::unique_ptr<face> make_face(listener&, surroundings&);

}  // namespace fuzz
