// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The one source of chance of a simulation (SplitMix64: Steele, Lea and Flood, 2014). Everything that could go one way or
/// another asks it, so that a seed determines all.
#pragma once

#include <cstdint>

namespace chime::simulation {

class random_source {
 public:
  explicit random_source(std::uint64_t seed) noexcept : state_(mixed(seed + step)) {}

  [[nodiscard]] std::uint64_t next() noexcept { return mixed(state_ += step); }
  /// 0 ... bound - 1.
  [[nodiscard]] std::uint32_t below(std::uint32_t bound) noexcept {
    return static_cast<std::uint32_t>((next() >> 32U) * bound >> 32U);
  }
  /// first ... last, with small numbers as likely as large ones.
  [[nodiscard]] std::int64_t between(std::int64_t first, std::int64_t last) noexcept {
    const auto range = static_cast<std::uint64_t>(last - first) >> below(20);
    return first + static_cast<std::int64_t>(range == 0 ? 0 : next() % (range + 1));
  }
  /// `likelihood` of 1024. 0 draws nothing.
  [[nodiscard]] bool chance(unsigned likelihood) noexcept { return likelihood != 0 && below(1024) < likelihood; }

 private:
  static constexpr std::uint64_t step = 0x9E37'79B9'7F4A'7C15;
  [[nodiscard]] static constexpr std::uint64_t mixed(std::uint64_t z) noexcept {
    z = (z ^ z >> 30U) * 0xBF58'476D'1CE4'E5B9;
    z = (z ^ z >> 27U) * 0x94D0'49BB'1331'11EB;
    return z ^ z >> 31U;
  }

  std::uint64_t state_;
};

}  // namespace chime::simulation
