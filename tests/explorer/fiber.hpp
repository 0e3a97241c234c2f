// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A fiber: a stack and a place to continue. Fibers are abandoned freely: a failed execution leaves its frames where
/// they are, because the code under test is noexcept and cannot be unwound.
#pragma once

#include <cstddef>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace chime::explore {

class fiber {
 public:
  using entry = void (*)(void* argument);

  fiber() = default;
  fiber(const fiber&) = delete;
  fiber& operator=(const fiber&) = delete;
  ~fiber();

  /// The next jump here calls entry(argument) at the top of the fiber's own stack. The entry never returns.
  void prepare(entry start, void* argument);
  /// Saves the running context in `from`, which needs no stack of its own for that, and continues `to`.
  static void jump(fiber& from, fiber& to);

 private:
  static constexpr std::size_t stack_bytes = 256 * 1024;
  static constexpr std::size_t guard_bytes = 64 * 1024;

  char* stack_ = nullptr;
#if defined(__x86_64__)
  void* stack_pointer_ = nullptr;
#else
  static void start_on_stack(unsigned high, unsigned low);
  ucontext_t context_{};
  entry start_ = nullptr;
  void* argument_ = nullptr;
#endif
};

}  // namespace chime::explore
