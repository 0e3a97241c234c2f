// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The coroutine of the models.
#pragma once

#include <coroutine>
#include <exception>
#include <utility>

namespace chime::models {

/// The smallest coroutine: begins at once, stays at its end.
class frame {
 public:
  struct promise_type {
    frame get_return_object() { return frame{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  frame() = default;
  frame(frame&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  frame& operator=(frame&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~frame() { destroy(); }
  void destroy() {
    if (handle_) std::exchange(handle_, nullptr).destroy();
  }

 private:
  explicit frame(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

}  // namespace chime::models
