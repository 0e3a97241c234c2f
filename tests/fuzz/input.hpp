// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The bytes of one input, read as choices. After the last byte every choice is 0, and over() says so.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fuzz {

class input {
 public:
  input(const std::uint8_t* bytes, std::size_t size) noexcept : next_(bytes), end_(bytes + size) {}
  [[nodiscard]] bool over() const noexcept { return next_ == end_; }
  [[nodiscard]] unsigned byte() noexcept { return over() ? 0U : *next_++; }
  /// 0 ... number - 1; takes a byte only if there is a choice.
  [[nodiscard]] unsigned below(unsigned number) noexcept { return number < 2 ? 0U : byte() % number; }
  /// Nothing more will be read.
  void end() noexcept { next_ = end_; }

 private:
  const std::uint8_t* next_;
  const std::uint8_t* end_;
};

}  // namespace fuzz
