// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "backend/readiness.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "sync/linux.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

short events_of(const kernel_work& work) noexcept { return work.wanted == request::writable ? POLLOUT : POLLIN; }

int result_of(kernel_work& work, unsigned revents) noexcept {
  if ((revents & POLLNVAL) != 0) return -EBADF;
  if (work.wanted != request::drain) return 0;
  auto& drain = static_cast<drain_work&>(work);
  const auto got = ::read(work.handle, &drain.buffer, sizeof drain.buffer);
  if (got >= 0) return static_cast<int>(got);
  return errno == EINTR ? -EAGAIN : -errno;
}

timespec to_timespec(std::int64_t ns) noexcept {
  return {static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
}

void describe(backend_text& text, const char* what, int error) noexcept {
  const char* name = error == 0 ? nullptr : error_name(error);
  if (name == nullptr) {
    std::snprintf(text.data(), text.size(), "%s", what);
  } else {
    std::snprintf(text.data(), text.size(), "%s: %s (%s)", what, name, error_text(error));
  }
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
