// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The memory of a simulated program: runs out at random, counts what is out, and fills blocks with rubbish before and
/// after their use.
#pragma once

#include <cstddef>
#include <cstdint>

#include "chime/memory.hpp"

namespace chime::simulation {

class simulation;

class memory {
 public:
  explicit memory(simulation& of) noexcept : of_(of) {}

  [[nodiscard]] allocator get() noexcept;
  [[nodiscard]] std::int64_t blocks_out() const noexcept { return blocks_out_; }
  /// Refusals so far.
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

 private:
  [[nodiscard]] void* take(std::size_t size, std::size_t alignment) noexcept;
  void give(void* block, std::size_t size, std::size_t alignment) noexcept;

  simulation& of_;
  std::int64_t blocks_out_ = 0;
  std::int64_t bytes_out_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace chime::simulation
