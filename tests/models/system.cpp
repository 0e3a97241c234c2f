// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What the product takes from the kernel, on the model's machine: the definitions that are linked in place of
/// src/backend, src/event/primitive.cpp and src/proactor/choose.cpp, and the two system calls that the linker leads
/// here.
#include "error/system.hpp"
#include "backend/drain.hpp"
#include "event/inbox.hpp"
#include "event/primitive.hpp"
#include "machine.hpp"
#include "proactor/loop.hpp"
#include "sync/misuse.hpp"
#include "sync/process.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>

#include <cerrno>
#include <new>

namespace chime::models {
namespace {

class model_backend final : public detail::backend {
 public:
  model_backend(detail::kernel_sink& sink, int guests_bell) : sink_(sink), guests_bell_(guests_bell) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "model"; }
  [[nodiscard]] std::error_code bind() noexcept override {
    binds_.set(binds_.get() + 1);  // as a real one writes its own fields
    return machine::current().take_refusal() ? detail::system_error(EEXIST) : std::error_code{};
  }
  [[nodiscard]] int start(detail::kernel_work& work) noexcept override {
    if (machine::current().take_fullness()) return -EAGAIN;
    machine::current().attach(&work);
    return 0;
  }
  [[nodiscard]] bool stop(detail::kernel_work& work) noexcept override { return machine::current().detach(work); }
  [[nodiscard]] int handle() const noexcept override { return guests_bell_; }
  [[nodiscard]] std::error_code wait(std::int64_t timeout_ns) noexcept override {
    if (guests_bell_ >= 0) (void)machine::current().read(guests_bell_);
    if (!report()) {
      machine::current().sleep(timeout_ns);
      (void)report();
    }
    return {};
  }
  [[nodiscard]] bool looks_cheaply() const noexcept override { return machine::current().how().looks_cheaply; }

 private:
  bool report() noexcept {
    explore::execution::current().point();
    bool any = false;
    int result = 0;
    while (detail::kernel_work* work = machine::current().next_finished(result)) {
      sink_.finished(*work, result);
      any = true;
    }
    return any;
  }

  detail::kernel_sink& sink_;
  int guests_bell_;
  sync::plain<int> binds_{0};
};

// A futex word is the low half of an atomic, which under the explorer holds the number of the location.
long futex(const std::uint32_t* address, int operation, std::uint32_t expected, const void* timeout) {
  explore::memory& values = explore::execution::current().values();
  if (operation == FUTEX_WAKE_PRIVATE) {
    explore::detail::futex_wake(*address, 1);
    return 0;
  }
  const explore::word now = values.latest(*address, address);
  const bool changed = static_cast<std::uint32_t>(now) != expected;
  if (!changed && explore::detail::futex_wait(*address, address, now, timeout != nullptr)) return 0;
  errno = changed ? EAGAIN : ETIMEDOUT;
  return -1;
}

}  // namespace
}  // namespace chime::models

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

using models::machine;

// No model forks.
constinit std::atomic<unsigned> forks{0};
int follow_forks() noexcept { return 0; }
void birthplace::refuse(const char* what) noexcept { misuse(what); }

doorbell::~doorbell() {
  if (handle_ >= 0 && explore::execution::under_way()) machine::current().close(handle_);
}
int doorbell::open() noexcept {
  handle_ = machine::current().open();
  return 0;
}
void doorbell::ring() const noexcept { machine::current().ring(handle_); }

int make_primitive(primitive, primitive_handles& made) noexcept {
  const int handle = machine::current().open();
  if (handle < 0) return -handle;
  made = {handle, machine::current().how().pipes ? handle + 1'000 : handle};
  return 0;
}
void close_primitive(primitive_handles& handles) noexcept {
  if (handles.exists()) machine::current().close(handles.read);
  handles = {};
}
bool write_primitive(const primitive_handles& handles) noexcept {
  const int handle = handles.read;
  machine::current().write(handle);
  return true;
}
std::uint64_t read_empty(const primitive_handles& handles) noexcept { return machine::current().read(handles.read); }

int check_kind(drain, int) noexcept { return 0; }
/// Of a timerfd this kernel knows only that its clock was set.
int read_ready(drain policy, int handle, std::uint64_t& taken) noexcept {
  if (policy == drain::timerfd) return -ECANCELED;
  const std::uint64_t got = machine::current().read(handle);
  if (got == 0) return -EAGAIN;
  taken = got;
  return 0;
}

std::error_code choose_backend(loop& l, std::string_view) noexcept {
  static_assert(sizeof(models::model_backend) <= sizeof l.storage.bytes);
  l.kernel = new (l.storage.bytes.data()) models::model_backend(l, l.guest ? l.in.bell.handle() : -1);
  return {};
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime

// The linker leads the product's calls here (--wrap).
extern "C" {
long __real_syscall(long number, long a, long b, long c, long d, long e, long f);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f);
int __real_sched_yield();
int __wrap_sched_yield();

long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f) {
  if (number != SYS_futex || !chime::explore::execution::under_way()) return __real_syscall(number, a, b, c, d, e, f);
  return chime::models::futex(reinterpret_cast<const std::uint32_t*>(a), static_cast<int>(b),
                              static_cast<std::uint32_t>(c), reinterpret_cast<const void*>(d));
}

int __wrap_sched_yield() {
  if (!chime::explore::execution::under_way()) return __real_sched_yield();
  chime::explore::execution::current().relax();
  return 0;
}
}
