// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Counts the system calls of a thread while it runs at full speed, by the kernel's own tracepoint.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace chime::bench {

class syscall_counter {
 public:
  /// Counts from now on. Throws std::runtime_error if this machine or user may not use the tracepoint.
  explicit syscall_counter(pid_t thread);
  syscall_counter(const syscall_counter&) = delete;
  syscall_counter& operator=(const syscall_counter&) = delete;
  ~syscall_counter();
  /// So far. A thread that counts itself counts this call, too.
  [[nodiscard]] std::uint64_t count() const;

 private:
  int descriptor_;
};

}  // namespace chime::bench
