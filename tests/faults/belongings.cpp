// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "belongings.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace faults {
namespace {

[[nodiscard]] std::size_t count_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all))) - 1;  // the directory's own
}

[[nodiscard]] std::size_t count_mapped() {
  std::ifstream maps("/proc/self/maps");
  std::size_t total = 0;
  for (std::string line; std::getline(maps, line);) {
    if (line.ends_with("[heap]") || line.ends_with("[stack]")) continue;
    std::size_t used = 0;
    const std::uintptr_t begin = std::stoull(line, &used, 16);
    total += std::stoull(line.substr(used + 1), nullptr, 16) - begin;
  }
  return total;
}

}  // namespace

belongings belongings::count() { return {count_descriptors(), count_mapped()}; }

}  // namespace faults
