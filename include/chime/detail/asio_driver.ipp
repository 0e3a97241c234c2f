// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What drives a guest of Asio, the first part of asio_guest.ipp, which see. One object calls guest_poll() and runs handlers; its
// members belong to the host's executor, but for the atomics.
//
// Invariants:
// 1. Completions of chime only put a wait into the driver's list; handlers run after guest_poll() has returned, so they may
//    throw, wait again, or run the host's handlers.
// 2. While waits are outstanding (or start() was called) and no turn runs, either a turn is queued in the host, or the
//    handle is waited for and, if there is a deadline, so is the timer, due at the deadline or earlier.
// 3. While none is, nothing is queued or waited for, so that the host's run() returns.

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace CHIME_ASIO_DETAIL {

namespace host = CHIME_ASIO_NAMESPACE;
using host_error = CHIME_ASIO_ERROR;

[[noreturn]] inline void misuse(const char* what) noexcept {
  std::fprintf(stderr, "chime: %s\n", what);
  std::abort();
}

/// A duplicate of the guest's handle, which lives as long as the host's wait for it.
[[nodiscard]] inline int duplicate_handle(const proactor& loop) {
  if (loop.handle() < 0) {
    throw std::system_error(std::make_error_code(std::errc::invalid_argument),
                            "chime: the proactor is not open, or was not opened with guest = true");
  }
  const int copy = ::fcntl(static_cast<int>(loop.handle()), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) throw std::system_error(errno, std::system_category(), "chime: duplicate of a guest's handle");
  return copy;
}

class driver;

/// A wait in flight, in memory of its handler's allocator.
struct wait {
  driver* by = nullptr;
  wait* next = nullptr;
  std::error_code error;
  event* back = nullptr;  ///< where the event goes when the wait is over; null: back to its pool
  event kept;             ///< until the handler runs, if a cancellation slot has its ticket: `back` points here
  void (*finish)(wait&) = nullptr;  ///< runs the handler, or sends it to its executor; the wait is gone then
};

class driver : public std::enable_shared_from_this<driver> {
 public:
  driver(host::any_io_executor executor, proactor& loop)
      : executor_(std::move(executor)),
        again_(host::prefer(host::require(executor_, host::execution::blocking.never),
                            host::execution::relationship.continuation)),
        loop_(loop),
        handle_(executor_, duplicate_handle(loop)),
        timer_(executor_) {}

  driver(const driver&) = delete;
  driver& operator=(const driver&) = delete;
  ~driver() { ::operator delete(block_, block_size_); }

  [[nodiscard]] const host::any_io_executor& executor() const noexcept { return executor_; }

  /// Any thread: one more to stay awake for. The first one calls the host.
  void add() {
    if (in_turn() == this && finished_ != 0) {  // one that has just finished makes room for it
      --finished_;
      return;
    }
    // Relaxed, here and below: the count decides only who calls; what a turn needs to see comes through the host's queue
    // (its own state) and chime's (the waits).
    if (outstanding_.fetch_add(1, std::memory_order_relaxed) != 0) return;
    try {
      call();
    } catch (...) {
      outstanding_.fetch_sub(1, std::memory_order_relaxed);
      throw;
    }
  }
  /// Any thread.
  void start() {
    if (started_.load(std::memory_order_relaxed)) return;
    starts_.fetch_add(1, std::memory_order_relaxed);
    try {
      add();
    } catch (...) {
      starts_.fetch_sub(1, std::memory_order_relaxed);
      throw;
    }
    // Not before: who finds it, stop() or another start(), takes back what has been added.
    if (started_.exchange(true, std::memory_order_relaxed)) take_back_start();
  }
  /// Any thread.
  void stop() {
    if (!started_.exchange(false, std::memory_order_relaxed)) return;
    try {
      take_back_start();
    } catch (...) {
      started_.store(true, std::memory_order_relaxed);
      throw;
    }
  }
  /// The end, on the host's executor.
  void close() noexcept {
    if (outstanding_.load(std::memory_order_relaxed) - finished_ != starts_.load(std::memory_order_relaxed)) {
      misuse(
          "a guest of Asio was destroyed with waits outstanding; cancel them and run the host until they have "
          "completed");
    }
    closed_ = true;
    disarm();
  }

  /// The driver whose turn this thread is inside; null if none.
  [[nodiscard]] static driver*& in_turn() noexcept {
    static constinit thread_local driver* inside = nullptr;
    return inside;
  }
  /// Inside a turn: one block of memory, kept from one wait for the next. Null: there is none of this size.
  [[nodiscard]] void* take_block(std::size_t size) noexcept {
    if (size != block_size_) return nullptr;
    block_size_ = 0;
    return std::exchange(block_, nullptr);
  }
  [[nodiscard]] bool keep_block(void* block, std::size_t size) noexcept {
    if (block_ != nullptr) return false;
    block_ = block;
    block_size_ = size;
    return true;
  }

  /// What chime calls, inside guest_poll().
  static void completed(void* context, completion&& done) {
    wait& w = *static_cast<wait*>(context);
    driver& d = *w.by;
    if (!d.polling_) misuse("an event of another loop's pool was waited for by a guest of Asio");
    w.error = done.error;
    if (w.back != nullptr) *w.back = std::move(done.ev);
    w.next = nullptr;
    *d.last_ = &w;
    d.last_ = &w.next;
  }

 private:
  /// How often a turn looks before the host gets its own. Coming again costs more than looking again.
  static constexpr unsigned looks_in_a_turn = 2;

  // Default arguments of Boost's post, which g++ counts as written here.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wzero-as-null-pointer-constant"
  void call() {
    host::post(executor_, [self = shared_from_this()] { self->come(); });
  }
  void take_back_start() {
    host::post(executor_, [self = shared_from_this()] {
      self->starts_.fetch_sub(1, std::memory_order_relaxed);
      ++self->finished_;
      self->come();
    });
  }
#pragma GCC diagnostic pop
  void come() {
    if (!closed_ && !queued_) turn();
  }
  void queue_turn() {
    host::execution::execute(again_, [self = shared_from_this()] {
      self->queued_ = false;
      if (!self->closed_) self->turn();
    });
    queued_ = true;
  }

  void turn() {
    comes_back after_a_throw{*this};
    time_point until = time_point::min();
    for (unsigned looks = 0; looks != looks_in_a_turn && until == time_point::min(); ++looks) {
      until = poll();
      while (first_ != nullptr) run_first();
      if (closed_) break;
    }
    if (!closed_) rest(until);
    after_a_throw.whole = true;
  }
  /// A turn that ends by an exception, a handler's or our own, leaves the rest to another one. If there is no memory for that
  /// either, the program ends.
  struct comes_back {
    driver& me;
    driver* const outer = std::exchange(in_turn(), &me);
    bool whole = false;
    ~comes_back() {
      in_turn() = outer;
      if (!whole && !me.closed_ && !me.queued_) me.queue_turn();
    }
  };

  [[nodiscard]] time_point poll() {
    polling_ = true;
    const result<time_point> until = loop_.guest_poll();
    polling_ = false;
    if (!until) throw std::system_error(until.error(), "chime: guest_poll");
    return *until;
  }
  void run_first() {
    wait& w = *first_;
    first_ = w.next;
    if (first_ == nullptr) last_ = &first_;
    ++finished_;
    w.finish(w);
  }

  /// Until something comes, or until then.
  void rest(time_point until) {
    const std::size_t finished = std::exchange(finished_, 0);
    if (outstanding_.fetch_sub(finished, std::memory_order_relaxed) == finished) return disarm();
    if (queued_) return;
    if (until == time_point::min()) return queue_turn();
    arm_timer(until);
    arm_handle();
  }
  void arm_timer(time_point until) {
    if (until >= timer_at_) return;  // one that comes early costs a turn; to change it each time would cost more
    timer_at_ = never;               // should what follows throw
    timer_.expires_at(until);
    timer_.async_wait([self = shared_from_this(), until](const host_error& error) {
      if (error) return;
      // One that was due before disarm() could cancel it comes late, and knows nothing of the timer that is armed by now.
      if (self->timer_at_ == until) self->timer_at_ = never;
      self->come();
    });
    timer_at_ = until;
  }
  void arm_handle() {
    if (armed_) return;
    handle_.async_wait(host::posix::descriptor_base::wait_read, [self = shared_from_this()](const host_error& error) {
      self->armed_ = false;
      if (error && error != host::error::operation_aborted) {
        const comes_back another_time{*self};
        throw std::system_error(error.value(), std::system_category(), "chime: wait for a guest's handle");
      }
      // Aborted by disarm(): somebody may have begun to wait since.
      if (!error || self->outstanding_.load(std::memory_order_relaxed) != 0) self->come();
    });
    armed_ = true;
  }
  void disarm() {
    if (std::exchange(timer_at_, never) != never) timer_.cancel();
    if (armed_) handle_.cancel();
  }

  const host::any_io_executor executor_;
  const host::any_io_executor again_;  ///< the same, for a turn that calls the next
  proactor& loop_;
  host::posix::stream_descriptor handle_;
  host::steady_timer timer_;
  sync::atomic<std::size_t> outstanding_{0};  ///< waits, and starts
  sync::atomic<std::size_t> starts_{0};       ///< start() calls whose stop() has not arrived at the host
  sync::atomic<bool> started_{false};
  std::size_t finished_ = 0;  ///< not yet taken off `outstanding_`
  wait* first_ = nullptr;     ///< completed, in order
  wait** last_ = &first_;
  void* block_ = nullptr;
  std::size_t block_size_ = 0;
  time_point timer_at_ = never;  ///< when the timer is due; never: it is not waited for
  bool armed_ = false;           ///< the handle is waited for
  bool queued_ = false;          ///< the host has a turn of ours
  bool polling_ = false;
  bool closed_ = false;
};

}  // namespace CHIME_ASIO_DETAIL
}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
