// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The explorer's side of the seam: stop tokens for one callback at a time. As the standard says, the end of a callback waits
/// until it has run if another thread runs it.
#pragma once

#include "chime/config.hpp"
#include "chime/detail/atomic.hpp"

#include <utility>

namespace chime::inline CHIME_ABI::sync {

class stop_callback_base {
 public:
  virtual void run() = 0;

 protected:
  ~stop_callback_base() = default;
};

class stop_state {
 public:
  /// The callback's constructor. False: stop was requested already.
  [[nodiscard]] bool add(stop_callback_base& callback) {
    callback_ = &callback;
    auto seen = step::none;
    return step_.compare_exchange_strong(seen, step::registered, std::memory_order_acq_rel, std::memory_order_acquire);
  }
  void remove() {
    auto seen = step::registered;
    if (step_.compare_exchange_strong(seen, step::none, std::memory_order_acq_rel, std::memory_order_acquire)) return;
    while (step_.load(std::memory_order_acquire) == step::running) relax();
  }
  /// After everything: whether a callback was left behind.
  [[nodiscard]] bool has_callback() const { return step_.load(std::memory_order_acquire) == step::registered; }
  void request() {
    auto seen = step_.load(std::memory_order_acquire);
    while (seen == step::none || seen == step::registered) {
      const step next = seen == step::none ? step::over : step::running;
      if (!step_.compare_exchange_weak(seen, next, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
      if (next == step::over) return;
      callback_->run();
      step_.store(step::over, std::memory_order_release);
      return;
    }
  }

 private:
  enum class step : unsigned { none, registered, running, over };
  sync::atomic<step> step_{step::none};
  stop_callback_base* callback_ = nullptr;
};

class stop_token {
 public:
  stop_token() = default;
  explicit stop_token(stop_state& state) : state_(&state) {}
  [[nodiscard]] bool stop_possible() const { return state_ != nullptr; }
  [[nodiscard]] stop_state& state() const { return *state_; }

 private:
  stop_state* state_ = nullptr;
};

template <class Function>
class stop_callback final : stop_callback_base {
 public:
  stop_callback(const stop_token& token, Function function) : state_(token.state()), function_(std::move(function)) {
    registered_ = state_.add(*this);
    if (!registered_) function_();
  }
  stop_callback(const stop_callback&) = delete;
  stop_callback& operator=(const stop_callback&) = delete;
  ~stop_callback() {
    if (registered_) state_.remove();
  }

 private:
  void run() override { function_(); }
  stop_state& state_;
  Function function_;
  bool registered_ = false;
};

}  // namespace chime::inline CHIME_ABI::sync
