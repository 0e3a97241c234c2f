// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "event/inbox.hpp"
#include "sync/misuse.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

doorbell::~doorbell() {
  // close(2) on Linux frees the descriptor whatever it returns, and an eventfd has nothing to flush.
  if (handle_ >= 0) (void)::close(handle_);
}

int doorbell::open() noexcept {
  handle_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return handle_ >= 0 ? 0 : errno;
}

void doorbell::ring() const noexcept {
  const int kept = errno;
  const std::uint64_t one = 1;
  // EAGAIN says that the counter is full, so the handle is readable as it should be. Anything else means that the
  // descriptor is not ours any more: somebody closed it, and wake-ups would be lost in silence.
  if (::syscall(SYS_write, handle_, &one, sizeof one) < 0 && errno != EAGAIN) {
    misuse("ringing the loop failed: its descriptor was closed by somebody else");
  }
  errno = kept;
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
