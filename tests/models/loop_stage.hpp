// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A proactor with a pool on a modelled machine, for the models of src/proactor and src/event. One thread of a model
/// polls; which one is the model's affair.
#pragma once

#include "between_threads.hpp"
#include "chime/event.hpp"
#include "chime/pool.hpp"
#include "chime/proactor.hpp"
#include "machine.hpp"
#include "model.hpp"
#include "proactor/loop.hpp"

#include <optional>
#include <utility>

namespace chime::models {

using explore::check;

inline constexpr std::chrono::nanoseconds forever{-1};
inline constexpr time_point long_ago{};

/// A wait and what came of it.
struct wait_record {
  int completions = 0;
  std::error_code error;
  event ev;

  void done(completion&& d) {
    ++completions;
    error = d.error;
    ev = std::move(d.ev);
  }
  [[nodiscard]] callback then() { return callback::to<&wait_record::done>(*this); }
  [[nodiscard]] bool succeeded() const { return completions == 1 && !error; }
  [[nodiscard]] bool was_cancelled() const { return completions == 1 && error == errc::cancelled; }
  [[nodiscard]] bool timed_out() const { return completions == 1 && error == errc::timed_out; }
  /// What the wait's only cancellers were told is what its completion says.
  void check_outcome(bool cancelled, bool may_time_out = false) const {
    check(cancelled == was_cancelled(), "cancel says one thing, the completion another");
    check(cancelled || succeeded() || (may_time_out && timed_out()), "the wrong error");
  }
};

struct loop_stage {
  machine kernel;
  std::optional<proactor> loop{std::in_place};
  std::optional<event_pool> pool{std::in_place};
  int last_poller = -1;  // a ghost

  explicit loop_stage(const machine_options& machine_kind = {}, const pool_options& pool_kind = {}, bool guest = false)
      : kernel(machine_kind) {
    proactor_options how;
    how.guest = guest;
    how.spin = {};  // there is no time here
    how.memory = kernel.memory();
    check(loop->open(how).has_value(), "the loop did not open");
    pool_options pool_how = pool_kind;
    pool_how.memory = kernel.memory();
    check(pool->open(*loop, pool_how).has_value(), "the pool did not open");
  }

  [[nodiscard]] event acquire() {
    auto got = pool->acquire();
    check(got.has_value(), "no event was to be had");
    return std::move(*got);
  }

  /// One thread after the other may poll here: the body before, between and after its threads.
  [[nodiscard]] detail::loop& take_over() {
    detail::loop& l = *detail::loop_access::of(*loop);
    const int me = explore::execution::current().running();
    if (std::exchange(last_poller, me) != me) l.polling_thread.store(0, std::memory_order_relaxed);
    return l;
  }
  result<std::size_t> poll(std::chrono::nanoseconds timeout = {}) { return take_over().poll(timeout); }
  result<void> run() { return take_over().run(); }

  void poll_until(const wait_record& w, int completions = 1) {
    while (w.completions < completions) check(poll(forever).has_value(), "poll failed");
    check(w.completions == completions, "more than one completion for a submit");
  }

  /// Everything is over: the pool and the loop close at the first attempt and leave nothing behind.
  void finish() {
    check(poll().value_or(1) == 0, "something was left for another poll");
    close();
  }
  void close() {
    check(pool->close() == 0, "an event is missing when the pool is closed");
    check(loop->close().has_value(), "the loop did not close");
    pool.reset();
    loop.reset();
  }
};

}  // namespace chime::models
