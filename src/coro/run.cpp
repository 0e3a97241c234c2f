// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The part of run() that is no template.
#include <cstdio>

#include "chime/task.hpp"
#include "sync/misuse.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

namespace {

struct text {
  std::array<char, 256> line = {};
  explicit text(std::error_code why) noexcept {
    std::snprintf(line.data(), line.size(), "run() cannot poll the loop: %s", why.message().c_str());
  }
};

}  // namespace

void tell_of_no_task() noexcept { misuse("a task was awaited that has been moved away, or has ended already"); }

void poll_until(proactor& loop, const bool& done) noexcept {
  while (!done) {
    const auto polled = loop.poll(std::chrono::nanoseconds(-1));
    if (!polled) misuse(text(polled.error()).line.data());
  }
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
