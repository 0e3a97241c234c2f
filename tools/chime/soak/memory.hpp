// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What the soak watches of the process: the library's own memory, the process's, and its descriptors.
#pragma once

#include <atomic>
#include <chime/memory.hpp>
#include <cstddef>

namespace chime::soak {

/// The heap, with a count of the bytes that are out.
class counted_heap {
 public:
  [[nodiscard]] allocator get() noexcept;
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::size_t> bytes_ = 0;
};

/// Bytes of the process that are in memory; 0 if the system does not tell.
[[nodiscard]] std::size_t resident_bytes();
/// Descriptors of the process that are open; 0 if the system does not tell.
[[nodiscard]] std::size_t open_descriptors();

}  // namespace chime::soak
