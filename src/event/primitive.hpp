// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Kernel objects behind native events: an eventfd, or a pipe where there is none (or where one is asked for).
#pragma once

#include <cstdint>

#include "chime/pool.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

/// The two ends; the same descriptor twice for an eventfd. -1: none. Both are non-blocking and close-on-exec.
struct primitive_handles {
  int read = -1;
  int write = -1;

  [[nodiscard]] bool exists() const noexcept { return read >= 0; }
  [[nodiscard]] bool is_pipe() const noexcept { return read != write; }
};

/// One system call. 0, or the errno: EMFILE, ENFILE, ENOMEM; ENODEV and ENOSYS for an eventfd on odd kernels.
/// `automatic` falls back from eventfd to a pipe on the last two.
[[nodiscard]] int make_primitive(primitive kind, primitive_handles& made) noexcept;
void close_primitive(primitive_handles&) noexcept;

/// Adds one signal: 1 to an eventfd, one byte to a pipe. False: it is full, and so readable anyway. Any thread, signal
/// handlers; errno is kept; no cancellation point.
[[nodiscard]] bool write_primitive(const primitive_handles&) noexcept;

/// Reads until nothing is left: one system call for an eventfd, one or two for a pipe. Returns how many signals it
/// took.
std::uint64_t read_empty(const primitive_handles&) noexcept;

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
