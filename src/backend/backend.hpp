// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The contract between the portable loop and the operating system. A backend can do three things: sleep until a time
/// or a ring of the doorbell, tell when a handle is ready, and read a native event's primitive empty. Each fits in one
/// file.
///
/// All functions but those of the doorbell are called by the polling thread alone (open and destruction: by the thread
/// that opens or closes the loop, while nobody polls). A backend calls nothing of the loop but `finished`, inside
/// wait() and, when it must make room, inside start() and stop(); `finished` runs no callback of the user's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>

#include "chime/memory.hpp"
#include "chime/proactor.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

struct waiter;

/// What a waiter waits for. Only the last three are the kernel's business.
enum class request : unsigned char {
  timer,
  post,
  readable,  ///< tell when the handle is readable
  writable,  ///< tell when the handle is writable
  drain,     ///< wait until the handle is readable, and read it once; the work is a drain_work
};

/// One piece of kernel work, embedded in the operation or native event that it serves.
/// Owned by the backend from start() until it is reported finished (or stop() says that it ended).
struct kernel_work {
  waiter* owner = nullptr;
  int handle = -1;
  std::int32_t value =
      0;  ///< the backend's own while active (a registered descriptor, a place in a table); then the result
  request wanted = request::timer;
  drain policy = drain::nothing;  ///< the loop's: what it reads from the handle of a watch once that is readable
  bool active = false;            ///< the loop's: started, and not reported finished
  bool cancelled = false;  ///< the loop's: whoever stopped the wait has been heard, so nobody will push it any more
  bool timed_out = false;  ///< the loop's: it was the deadline that stopped the wait
};

/// The work of a native event: what was read stands in `buffer`.
struct drain_work : kernel_work {
  std::uint64_t buffer = 0;
};

/// Receives results.
class kernel_sink {
 public:
  /// `result`: 0 or more: ready; for drain, how many bytes were read. Negative: -errno.
  virtual void finished(kernel_work&, int result) noexcept = 0;

 protected:
  ~kernel_sink() = default;
};

class backend {
 public:
  backend() = default;
  backend(const backend&) = delete;
  backend& operator=(const backend&) = delete;
  virtual ~backend() = default;

  /// Name and the options in force, such as "io_uring" or "io_uring:no-defer". Constant.
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;

  /// Called once by the polling thread before anything below: for kernels that bind a resource to its user.
  [[nodiscard]] virtual std::error_code bind() noexcept = 0;

  /// Starts the work; `handle` and `wanted` are set. 0: finished() will be called exactly once, unless stop() ends
  /// it. 1: it is ready at once (nothing was started; never for drain). -EAGAIN: no room now, call again after a wait().
  /// Another -errno: it cannot be done.
  [[nodiscard]] virtual int start(kernel_work&) noexcept = 0;

  /// Asks active work to end. True: it has ended, and finished() will not be called. False: finished() is still to
  /// come, with -ECANCELED or with what happened first.
  [[nodiscard]] virtual bool stop(kernel_work&) noexcept = 0;

  /// Reports finished work; if there is none, blocks until there is, until the doorbell rings, or until
  /// timeout_ns has passed (0: only looks; negative: for ever). May return early for no reason. The doorbell's ring
  /// need not be reported: the loop looks at its queue after every wait. Errors: only such as make the backend useless;
  /// interruption by a signal is none.
  [[nodiscard]] virtual std::error_code wait(std::int64_t timeout_ns) noexcept = 0;

  /// Whether looking costs no system call, so that the loop may look in every poll.
  [[nodiscard]] virtual bool looks_cheaply() const noexcept = 0;

  /// Whether the kernel has not got all that was started, or an error waits to be told: the next wait() sees to both.
  [[nodiscard]] virtual bool owes() const noexcept { return false; }
  /// Of a guest: readable from when there is something to report of work that the kernel has, or the doorbell rings, until a
  /// wait(0) after that. -1: this backend cannot be a guest, and make() has refused.
  [[nodiscard]] virtual int handle() const noexcept { return -1; }
  /// Whether only the thread that called bind() may call anything else.
  [[nodiscard]] virtual bool stays_with_thread() const noexcept { return false; }
};

/// What backends are made with.
struct backend_setup {
  kernel_sink* sink;         ///< receives the results
  int bell;                  ///< the doorbell's handle, readable when it rang; owned by the loop
  std::string_view options;  ///< what follows the colon of "io_uring:no-defer,linked-read"; empty for none
  allocator memory;          ///< complete; for tables that grow with the number of watches
  bool guest = false;        ///< others wait for it, on handle(): wait() only looks
};

/// Space for one backend, inside the loop.
struct backend_storage {
  alignas(64) std::array<std::byte, 640> bytes;
};

/// Why a backend cannot run, or what it can do: text for people. NUL-terminated.
using backend_text = std::array<char, 160>;

/// A kind of backend: the table in choose.cpp has one row each, in order of preference.
struct backend_kind {
  std::string_view name;
  /// Makes one in `storage`, with its features in `text`; or null, the error, and the reason in `text`: then nothing is
  /// left behind. Errors: unknown_backend_option, or the system's code.
  backend* (*make)(backend_storage& storage, const backend_setup&, std::error_code&, backend_text& text) noexcept;
};

/// Writes `what`, and the system's name for `error` if it is not 0, into `text`.
void describe(backend_text& text, const char* what, int error = 0) noexcept;

extern const backend_kind io_uring_backend;
extern const backend_kind epoll_backend;
extern const backend_kind poll_backend;

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
