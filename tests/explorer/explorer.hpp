// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A small stateless model checker for the lock-free parts: it runs a model again and again, each time with another
/// interleaving and other stale reads, until one execution fails or all within the bounds have been tried.
///
///     explore::outcome r = explore::run({.preemptions = 3}, [] {
///       chime::sync::plain<int> data{0};
///       chime::sync::atomic<bool> ready{false};
///       explore::threads([&] { data.set(1); ready.store(true, std::memory_order_release); },
///                        [&] { if (ready.load(std::memory_order_acquire)) explore::check(data.get() == 1, "old"); });
///       explore::check(data.get() == 1, "final state");
///     });
///
/// The body builds its state afresh in every execution and depends on nothing but its schedule (no time, no addresses).
/// What it reports: failed checks, data races on plain fields, uses of dead objects, deadlocks and livelocks.
/// What it cannot show: reads of stores that come later in program order (load buffering), stores that enter the
/// modification order out of execution order (both writes of 2+2W lost), fences, and seq_cst, which it refuses.
/// A failed execution is abandoned, not unwound: whatever its threads held on the heap leaks. Models run under
/// AddressSanitizer (it warns of stacks that it does not know), but not under ThreadSanitizer, which loses its own
/// stack.
#pragma once

#include "chime/detail/atomic.hpp"
#include "explorer/blocking.hpp"
#include "explorer/execution.hpp"
#include "explorer/lifetime.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>

namespace chime::explore {

enum class search : std::uint8_t {
  bounded,  ///< every execution within the bounds, those with few preemptions first
  random,   ///< executions within the bounds, drawn by the seed
};

struct options {
  search method = search::bounded;
  unsigned preemptions = 2;                   ///< switches away from a thread that could go on, for each execution
  unsigned stale_reads = 2;                   ///< loads of an older store, and weak exchanges that fail without cause
  unsigned time_outs = 1;                     ///< waits that time out although another thread could run
  unsigned history_depth = 3;                 ///< how many stores back from the latest a load may read
  std::uint64_t max_executions = 10'000'000;  ///< the search ends here, incomplete
  double max_seconds = 0;                     ///< of processor time; then too it ends, incomplete. 0: no limit
  unsigned max_steps = 5000;                  ///< of one execution (at most 60,000); more is a failure
  std::uint64_t seed = 1;                     ///< of random search
  std::string replay = {};                    ///< the trace of a failure: this execution is the only one
};

struct outcome {
  bool failed = false;
  bool complete = false;  ///< nothing failed and the bounds leave nothing to try
  int full_preemptions =
      -1;               ///< nothing failed, and up to so many preemptions everything was tried; -1: not even without
  std::string message;  ///< what failed
  std::string trace;    ///< for options::replay
  std::string story;    ///< the failing execution step by step
  std::uint64_t executions = 0;
  double seconds = 0;  ///< of processor time

  /// Everything above in one text, for the message of a test.
  [[nodiscard]] std::string report() const;
};

namespace detail {
outcome search_all(const options& how, task body);

template <class F>
task refer_to(F& callable) {
  if constexpr (std::is_function_v<F>) {
    return {[](void* f) { reinterpret_cast<F*>(f)(); }, reinterpret_cast<void*>(&callable)};
  } else {
    return {[](void* f) { (*static_cast<F*>(f))(); }, const_cast<std::remove_const_t<F>*>(std::addressof(callable))};
  }
}
}  // namespace detail

/// Searches. One search at a time in a process.
template <class Body>
[[nodiscard]] outcome run(const options& how, Body&& body) {
  return detail::search_all(how, detail::refer_to(body));
}

/// For the body: runs these as threads 1, 2, ... until all have ended (at most seven). What the body did before happens
/// before the threads; what they did happens before whatever the body does next, more threads included.
template <class... Functions>
void threads(Functions&&... functions) {
  const task tasks[] = {detail::refer_to(functions)...};
  execution::current().run_threads(tasks, sizeof...(functions));
}

/// Fails the execution unless the condition holds.
inline void check(bool condition, const char* what) {
  if (!condition) execution::current().fail(what);
}

/// Any of 0 .. count - 1: a branch of the search.
[[nodiscard]] inline unsigned choose(unsigned count) { return execution::current().choose(count, odds::even); }

/// Names an atomic or a plain field in messages and stories. The text is not copied.
template <class T>
void name(const sync::atomic<T>& object, const char* text) {
  execution::current().values().name_location(object.explored_number(), text);
}
template <class T>
void name(const sync::plain<T>& object, const char* text) {
  execution::current().values().name_cell(object.explored_number(), text);
}

}  // namespace chime::explore
