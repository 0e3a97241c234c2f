// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A coroutine type of the soak's own: it begins at once, and can be destroyed wherever it has got to.
#pragma once

#include <coroutine>
#include <exception>
#include <utility>

namespace chime::soak {

class [[nodiscard]] frame {
 public:
  struct promise_type {
    [[nodiscard]] frame get_return_object() noexcept {
      return frame{std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    [[nodiscard]] std::suspend_never initial_suspend() const noexcept { return {}; }
    [[nodiscard]] std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };

  frame() noexcept = default;
  frame(const frame&) = delete;
  frame& operator=(const frame&) = delete;
  /// Into an empty one only: what runs is not to be destroyed by the way.
  frame& operator=(frame&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~frame() { destroy(); }
  void destroy() noexcept {
    if (handle_) std::exchange(handle_, nullptr).destroy();
  }

 private:
  explicit frame(std::coroutine_handle<> handle) noexcept : handle_(handle) {}
  std::coroutine_handle<> handle_;
};

}  // namespace chime::soak
