// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The io_uring backend. The ring is touched by the polling thread alone: single issuer, with completion work deferred
/// to the moment when that thread asks for it, where the kernel has both (6.1). The doorbell is a multishot poll
/// (5.13).
#include <liburing.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <utility>

#include "backend/read_probe.hpp"
#include "backend/readiness.hpp"
#include "backend/uring_options.hpp"
#include "error/system.hpp"
#include "sync/misuse.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace {

constexpr unsigned submission_entries = 256;
constexpr unsigned completion_entries = 4096;
/// Completions that belong to no work: cancellations, and polls that only lead to a linked read.
constexpr std::uint64_t nobody = 0;
constexpr std::uint64_t the_bell = 1;

/// Whether a ring that said this can go on. ETIME: nothing came. EINTR: a signal handler ran. EAGAIN, EBUSY, ENOMEM:
/// the kernel takes no submissions just now; they stay in the queue for the next call. What makes it useless: EBADF,
/// EBADFD, EEXIST (another task entered), EFAULT, EINVAL. EBADR (no memory to keep a completion: it is lost) comes once, and
/// must be told.
[[nodiscard]] bool is_passing(int done) noexcept {
  return done >= 0 || done == -ETIME || done == -EINTR || done == -EAGAIN || done == -EBUSY || done == -ENOMEM;
}

class uring_loop final : public backend {
 public:
  uring_loop(const backend_setup& setup, uring_options o) noexcept
      : sink_(setup.sink), bell_(setup.bell), guest_(setup.guest), options_(o) {}
  ~uring_loop() override {
    if (open_) io_uring_queue_exit(&ring_);
  }

  [[nodiscard]] int open() noexcept;

  [[nodiscard]] std::string_view name() const noexcept override {
    if (options_.deferred) return options_.linked ? "io_uring:linked-read" : "io_uring";
    return options_.linked ? "io_uring:no-defer,linked-read" : "io_uring:no-defer";
  }
  [[nodiscard]] std::error_code bind() noexcept override;
  [[nodiscard]] int start(kernel_work&) noexcept override;
  [[nodiscard]] bool stop(kernel_work&) noexcept override;
  [[nodiscard]] std::error_code wait(std::int64_t timeout_ns) noexcept override;
  [[nodiscard]] bool looks_cheaply() const noexcept override { return true; }
  [[nodiscard]] bool owes() const noexcept override { return io_uring_sq_ready(&ring_) != 0 || untold_ != 0; }
  /// The doorbell itself, which the kernel rings too, for each completion of a guest's ring.
  [[nodiscard]] int handle() const noexcept override { return guest_ ? bell_ : -1; }
  [[nodiscard]] bool stays_with_thread() const noexcept override { return true; }

 private:
  [[nodiscard]] bool make_room(unsigned entries) noexcept;
  void cancel(std::uint64_t tag) noexcept;
  void watch_bell() noexcept;
  [[nodiscard]] bool has_kernel_news() const noexcept;
  void quieten_bell() noexcept;
  [[nodiscard]] int enter(std::int64_t timeout_ns) noexcept;
  void reap() noexcept;
  void report(kernel_work&, int result) noexcept;

  kernel_sink* sink_;
  int bell_;
  bool guest_;
  uring_options options_;
  bool open_ = false;
  bool bell_is_watched_ = false;
  std::uint64_t reaped_ = 0;
  int untold_ = 0;  ///< an error that the kernel told where it could not be passed on: for the next wait()
  io_uring ring_ = {};
};
static_assert(sizeof(uring_loop) <= sizeof(backend_storage));

/// 0 or errno. ENOSYS: no io_uring in this kernel. EPERM, EACCES: switched off (sysctl, seccomp). EINVAL: a flag is too
/// new. ENOMEM: locked memory. EMFILE, ENFILE.
int uring_loop::open() noexcept {
  io_uring_params wanted = {};
  wanted.flags = IORING_SETUP_CQSIZE | IORING_SETUP_R_DISABLED;
  if (options_.deferred) {
    wanted.flags |= IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG;
  }
  wanted.cq_entries = completion_entries;
  const int failed = io_uring_queue_init_params(submission_entries, &ring_, &wanted);
  if (failed != 0) return -failed;
  open_ = true;
  // NODROP (5.5): completions beyond the ring's size are kept. EXT_ARG (5.11): waits with a timeout in one call.
  // RSRC_TAGS came with 5.13, as did the multishot poll, which has no feature bit of its own.
  constexpr unsigned needed = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_RSRC_TAGS;
  if ((wanted.features & needed) != needed) return EOPNOTSUPP;
  return guest_ ? -io_uring_register_eventfd(&ring_, bell_) : 0;
}

/// The ring was made disabled, so that the thread that polls, not the one that opened the loop, becomes its only
/// issuer.
std::error_code uring_loop::bind() noexcept {
  // liburing 2.3 declares io_uring_enable_rings but does not export it.
  const auto done = ::syscall(SYS_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  // EBADFD: enabled already, by an earlier attempt.
  return done == 0 || errno == EBADFD ? std::error_code{} : system_error(errno);
}

/// Room in the submission queue, after handing what is there to the kernel if need be. False: the kernel takes nothing
/// now. Completions are taken off on the way, because a kernel whose completion queue overflows refuses submissions.
bool uring_loop::make_room(unsigned entries) noexcept {
  for (int tries = 0; tries < 8 && io_uring_sq_space_left(&ring_) < entries; ++tries) {
    const int done = io_uring_submit_and_get_events(&ring_);
    if (done == -EBADR) {
      untold_ = done;
    } else if (!is_passing(done)) {
      misuse("the loop's ring is useless: its descriptor was closed by somebody else, or used after fork");
    }
    if (done < 0) reap();
  }
  return io_uring_sq_space_left(&ring_) >= entries;
}

int uring_loop::start(kernel_work& work) noexcept {
  const bool drain = work.wanted == request::drain;
  const bool poll_first = !drain || options_.linked || work.value == -EAGAIN;
  if (!make_room(poll_first && drain ? 2 : 1)) return -EAGAIN;
  work.value = poll_first ? 1 : 0;  // what stop() has to aim at
  if (poll_first) {
    io_uring_sqe* poll = io_uring_get_sqe(&ring_);
    io_uring_prep_poll_add(poll, work.handle, static_cast<unsigned>(events_of(work)));
    // A tag of 1 tells the poll of a linked pair from the read that reports.
    io_uring_sqe_set_data64(poll, reinterpret_cast<std::uint64_t>(&work) | (drain ? 1U : 0U));
    if (drain) poll->flags |= IOSQE_IO_LINK;
  }
  if (drain) {
    auto& buffer = static_cast<drain_work&>(work).buffer;
    io_uring_sqe* read = io_uring_get_sqe(&ring_);
    io_uring_prep_read(read, work.handle, &buffer, sizeof buffer, static_cast<std::uint64_t>(-1));
    io_uring_sqe_set_data64(read, reinterpret_cast<std::uint64_t>(&work));
  }
  return 0;
}

/// Cancels by the tags that start() gave. Of a linked pair either the poll is under way (the read falls with it) or the
/// read is.
bool uring_loop::stop(kernel_work& work) noexcept {
  const bool linked = work.wanted == request::drain && work.value == 1;
  // A wait that cannot be cancelled would be lost, so this stays until the kernel takes submissions again.
  while (!make_room(linked ? 2 : 1)) {
  }
  cancel(reinterpret_cast<std::uint64_t>(&work));
  if (linked) cancel(reinterpret_cast<std::uint64_t>(&work) | 1U);
  return false;
}

void uring_loop::cancel(std::uint64_t tag) noexcept {
  io_uring_sqe* cancel = io_uring_get_sqe(&ring_);
  io_uring_prep_cancel64(cancel, tag, 0);
  // The cancellation's own result (ENOENT, EALREADY: it was too late) tells nothing that the work's result does not.
  io_uring_sqe_set_data64(cancel, nobody);
}

void uring_loop::watch_bell() noexcept {
  if (bell_is_watched_ || !make_room(1)) return;  // no room now: the next wait tries again
  io_uring_sqe* poll = io_uring_get_sqe(&ring_);
  io_uring_prep_poll_multishot(poll, bell_, POLLIN);
  io_uring_sqe_set_data64(poll, the_bell);
  bell_is_watched_ = true;
}

/// Two loads: whether the kernel has completions, or work that becomes completions when it is entered.
bool uring_loop::has_kernel_news() const noexcept {
  return io_uring_cq_ready(&ring_) != 0 ||
         (IO_URING_READ_ONCE(*ring_.sq.kflags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0;
}

/// Before the look: what comes after it rings again.
void uring_loop::quieten_bell() noexcept {
  std::uint64_t rings = 0;
  // EAGAIN: it has not rung. EINTR does not happen to a read that does not wait.
  (void)!::read(bell_, &rings, sizeof rings);
}

std::error_code uring_loop::wait(std::int64_t timeout_ns) noexcept {
  if (guest_) quieten_bell();
  const bool unsent = io_uring_sq_ready(&ring_) != 0;
  if (timeout_ns == 0 && !unsent && untold_ == 0 && !has_kernel_news()) return {};
  const std::uint64_t reaped_before = reaped_;
  if (timeout_ns != 0) {
    reap();
    watch_bell();
  }
  // Blocks only if nothing has come meanwhile, an error included, and the bell can end it.
  const bool may_block = timeout_ns != 0 && bell_is_watched_ && reaped_ == reaped_before && untold_ == 0;
  const int done = may_block ? enter(timeout_ns) : io_uring_submit_and_get_events(&ring_);
  reap();
  const int failed = is_passing(done) ? std::exchange(untold_, 0) : done;
  // What the kernel has lost may be the end of the bell's poll: a second one does no harm.
  if (failed == -EBADR) bell_is_watched_ = false;
  return failed == 0 ? std::error_code{} : system_error(-failed);
}

/// Submits and sleeps, in one system call.
int uring_loop::enter(std::int64_t timeout_ns) noexcept {
  __kernel_timespec timeout = {.tv_sec = timeout_ns / 1'000'000'000, .tv_nsec = timeout_ns % 1'000'000'000};
  io_uring_cqe* first = nullptr;
  return io_uring_submit_and_wait_timeout(&ring_, &first, 1, timeout_ns < 0 ? nullptr : &timeout, nullptr);
}

void uring_loop::reap() noexcept {
  for (;;) {
    io_uring_cqe* cqe = nullptr;
    // This may enter the kernel, to fetch completions that it holds back.
    const int peeked = io_uring_peek_cqe(&ring_, &cqe);
    if (!is_passing(peeked)) untold_ = peeked;
    if (peeked != 0 || cqe == nullptr) return;
    const std::uint64_t tag = io_uring_cqe_get_data64(cqe);
    const int result = cqe->res;
    const bool more = (cqe->flags & IORING_CQE_F_MORE) != 0;
    // Seen before it is reported: reporting may start other work, which may have to make room.
    io_uring_cqe_seen(&ring_, cqe);
    ++reaped_;
    if (tag == the_bell) {
      bell_is_watched_ = more;
    } else if (tag != nobody && (tag & 1U) == 0) {
      report(*reinterpret_cast<kernel_work*>(tag), result);
    }
  }
}

void uring_loop::report(kernel_work& work, int result) noexcept {
  if (work.wanted != request::drain) {
    const bool invalid = result >= 0 && (static_cast<unsigned>(result) & POLLNVAL) != 0;
    sink_->finished(work, invalid ? -EBADF : (result > 0 ? 0 : result));
    return;
  }
  // The kernel gave the read up although nothing was wrong (a non-blocking descriptor on some kernels; somebody else
  // read the primitive first): wait by poll this time.
  if ((result == -EAGAIN || result == -EINTR) && !work.cancelled) {
    work.value = -EAGAIN;
    if (start(work) == 0) return;
  }
  sink_->finished(work, result);
}

void describe_options(backend_text& text, uring_options o) noexcept {
  if (o.deferred) {
    describe(text, o.linked ? "single issuer, deferred task run, poll linked to read"
                            : "single issuer, deferred task run, plain read");
  } else {
    describe(text, o.linked ? "no deferred task run, poll linked to read" : "no deferred task run, plain read");
  }
}

backend* make(backend_storage& storage, const backend_setup& setup, std::error_code& error,
              backend_text& text) noexcept {
  // A guest never waits in its ring. With its work deferred it would wait for the ring's word on the doorbell, which comes
  // milliseconds late if the kernel finds the work while it writes to another eventfd (6.18).
  uring_options wanted{.deferred = !setup.guest, .linked = !plain_read_waits()};
  if (!parse(setup.options, wanted, error, text)) return nullptr;
  for (;;) {
    auto* made = new (storage.bytes.data()) uring_loop(setup, wanted);
    const int failed = made->open();
    if (failed == 0) {
      describe_options(text, wanted);
      return made;
    }
    made->~uring_loop();
    // EINVAL on a kernel before 6.1: it does not know single issuer and deferred task run.
    if (failed == EINVAL && wanted.deferred) {
      wanted.deferred = false;
      continue;
    }
    error = system_error(failed);
    describe(text, failed == EOPNOTSUPP ? "the kernel is older than 5.13" : "io_uring_setup",
             failed == EOPNOTSUPP ? 0 : failed);
    return nullptr;
  }
}

}  // namespace

const backend_kind io_uring_backend{"io_uring", make};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
