// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The part of run() that is no template.
#include <cstdio>

#include "chime/task.hpp"
#include "sync/misuse.hpp"

namespace chime {
inline namespace v1 {
namespace detail {

void poll_until(proactor& loop, const bool& done) noexcept {
  while (!done) {
    const auto polled = loop.poll(std::chrono::nanoseconds(-1));
    if (polled) continue;
    std::array<char, 256> line = {};
    std::snprintf(line.data(), line.size(), "run() cannot poll the loop: %s", polled.error().message().c_str());
    misuse(line.data());
  }
}

}  // namespace detail
}  // namespace v1
}  // namespace chime
