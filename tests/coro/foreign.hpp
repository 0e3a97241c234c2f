// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Somebody else's coroutine type, which knows nothing of chime: it begins at once, and its frame stays at its end until the
/// object goes. Most tests use it, since it may be destroyed at any time.
#pragma once

#include <coroutine>
#include <exception>
#include <utility>

namespace coro_test {

class foreign {
 public:
  struct promise_type {
    foreign get_return_object() { return foreign{std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };

  foreign() = default;
  foreign(foreign&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  foreign& operator=(foreign&& other) noexcept {
    std::swap(frame_, other.frame_);
    other.destroy();
    return *this;
  }
  ~foreign() { destroy(); }
  void destroy() {
    if (frame_) std::exchange(frame_, nullptr).destroy();
  }
  [[nodiscard]] bool ended() const { return frame_ && frame_.done(); }

 private:
  explicit foreign(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
  std::coroutine_handle<promise_type> frame_;
};

}  // namespace coro_test
