// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The epoll backend. Each piece of work is registered when it starts and removed when it ends.
///
/// A registration lives as long as the open file, and can be removed only by the number under which it was made. So a
/// watch of a user's descriptor is made under a duplicate of our own: the user may close his number, another process
/// may hold the file, two watches may have the same descriptor, and still no event of the past reaches memory that is
/// gone. (Native events' descriptors are the pool's, and closed only when no wait is in flight.)
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "backend/readiness.hpp"
#include "error/system.hpp"
#include "sync/linux.hpp"
#include "sync/misuse.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace {

class epoll_loop final : public backend {
 public:
  epoll_loop(int epoll, kernel_sink* sink) noexcept : epoll_(epoll), sink_(sink) {}
  // close(2) on Linux frees the descriptor whatever it returns.
  ~epoll_loop() override { (void)::close(epoll_); }

  [[nodiscard]] std::string_view name() const noexcept override { return "epoll"; }
  [[nodiscard]] std::error_code bind() noexcept override { return {}; }
  [[nodiscard]] bool looks_cheaply() const noexcept override { return false; }
  /// An epoll is itself readable while it has something to report; the doorbell's edge counts as reported once it was.
  [[nodiscard]] int handle() const noexcept override { return epoll_; }

  [[nodiscard]] int start(kernel_work& work) noexcept override {
    const bool duplicate = work.wanted != request::drain;
    work.value = duplicate ? ::fcntl(work.handle, F_DUPFD_CLOEXEC, 0) : work.handle;
    if (work.value < 0) return -errno;  // EBADF: no such descriptor; EMFILE
    const int failed = control(EPOLL_CTL_ADD, work);
    if (failed != 0 && duplicate) (void)::close(work.value);
    // EPERM: a kind of file that cannot block (a regular file, a directory): ready, as poll(2) says too.
    // ENOMEM, ENOSPC (the user's limit of watches), ELOOP, EINVAL (this epoll itself): reported.
    return failed == EPERM ? 1 : -failed;
  }

  [[nodiscard]] bool stop(kernel_work& work) noexcept override {
    remove(work);
    return true;
  }

  [[nodiscard]] std::error_code wait(std::int64_t timeout_ns) noexcept override {
    epoll_event ready[64];
    const int count = wait_for(ready, 64, timeout_ns);
    // EINTR: a signal handler ran, and may have woken the loop. EBADF, EFAULT and EINVAL mean that the descriptor is
    // lost.
    if (count < 0) return errno == EINTR ? std::error_code{} : system_error(errno);
    for (int i = 0; i < count; ++i) report(ready[i]);
    return {};
  }

 private:
  [[nodiscard]] int control(int what, kernel_work& work) noexcept {
    epoll_event wanted{.events = static_cast<std::uint32_t>(events_of(work)) | EPOLLONESHOT, .data = {.ptr = &work}};
    return ::epoll_ctl(epoll_, what, work.value, &wanted) == 0 ? 0 : errno;
  }

  void remove(kernel_work& work) noexcept {
    // The descriptor is ours, so this can fail only if somebody else closed it; then the process is beyond help.
    if (::epoll_ctl(epoll_, EPOLL_CTL_DEL, work.value, nullptr) != 0)
      misuse("a descriptor of the loop was closed by somebody else");
    if (work.wanted != request::drain) (void)::close(work.value);
  }

  /// Nanoseconds where the kernel has epoll_pwait2 (5.11), else milliseconds, rounded up so as not to wake too early.
  [[nodiscard]] int wait_for(epoll_event* ready, int most, std::int64_t timeout_ns) noexcept {
    if (timeout_ns > 0 && precise_) {
      const timespec timeout = to_timespec(timeout_ns);
      const int count = epoll_wait_precisely(epoll_, ready, most, timeout);
      if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return count;
      precise_ = false;
    }
    constexpr std::int64_t longest_ms = 1'000'000'000;
    const std::int64_t ms =
        timeout_ns < 0 ? -1 : std::min(longest_ms, timeout_ns / 1'000'000 + (timeout_ns % 1'000'000 != 0));
    return ::epoll_wait(epoll_, ready, most, static_cast<int>(ms));
  }

  void report(const epoll_event& event) noexcept {
    auto* work = static_cast<kernel_work*>(event.data.ptr);
    if (work == nullptr) return;  // the doorbell: edge-triggered, so it need not be read
    int result = result_of(*work, event.events);
    if (result == -EAGAIN) {
      result = -control(EPOLL_CTL_MOD, *work);
      if (result == 0) return;
    }
    remove(*work);
    sink_->finished(*work, result);
  }

  int epoll_;
  bool precise_ = true;
  kernel_sink* sink_;
};
static_assert(sizeof(epoll_loop) <= sizeof(backend_storage));

backend* make(backend_storage& storage, const backend_setup& setup, std::error_code& error,
              backend_text& text) noexcept {
  if (!setup.options.empty()) {
    error = make_error_code(fault::unknown_backend_option);
    describe(text, "epoll has no options");
    return nullptr;
  }
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event bell{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
  // EMFILE, ENFILE, ENOMEM; ENOSPC (the user's limit of watches); ENOSYS or EPERM in a sandbox.
  if (epoll < 0 || ::epoll_ctl(epoll, EPOLL_CTL_ADD, setup.bell, &bell) != 0) {
    error = system_error(errno);
    describe(text, epoll < 0 ? "epoll_create1" : "epoll_ctl", error.value());
    if (epoll >= 0) (void)::close(epoll);
    return nullptr;
  }
  describe(text, "edge-triggered doorbell, one-shot watches");
  return new (storage.bytes.data()) epoll_loop(epoll, setup.sink);
}

}  // namespace

const backend_kind epoll_backend{"epoll", make};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
