// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "progress.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

namespace checksum {
namespace {

constexpr std::size_t width = 40;
constexpr std::chrono::milliseconds interval{50};

}  // namespace

progress::progress(std::size_t total)
    : total_(total), terminal_(isatty(STDERR_FILENO) == 1), next_(clock::now() + interval) {}

progress::~progress() {
  if (terminal_) fmt::print(stderr, "\r\x1b[K");
}

void progress::show(std::size_t done) {
  if (!terminal_ || clock::now() < next_) return;
  next_ = clock::now() + interval;
  const std::size_t filled = done * width / total_;
  fmt::print(stderr, "\r[{:#<{}}{:.<{}}] {} of {} files", "", filled, "", width - filled, done, total_);
  std::fflush(stderr);
}

}  // namespace checksum
