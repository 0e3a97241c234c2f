// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The C++ face of chime/uv.h, which says how a chime loop lives in a libuv loop: threads, deadlines, costs.
#pragma once

#include <chime/uv.h>
#include <chime/proactor.hpp>

#include <cstdio>
#include <cstdlib>

namespace chime {
inline namespace CHIME_ABI {

class uv_guest;

/// A wait that its guest counts. Yours: it stays where it is from submit until its callback is called; then it may be used
/// again, or destroyed.
class uv_wait {
 public:
  uv_wait() noexcept = default;  ///< not in flight
  uv_wait(const uv_wait&) = delete;
  uv_wait& operator=(const uv_wait&) = delete;
  /// Stops the program while the wait is in flight.
  ~uv_wait() {
    if (guest_ != nullptr) chime_uv_misuse_("a wait in a libuv loop was destroyed in flight");
  }

 private:
  friend class uv_guest;
  void ended(completion&& done) noexcept;

  uv_guest* guest_ = nullptr;  ///< null: not in flight
  callback done_{nullptr, nullptr};
};

/// A proactor inside a libuv loop. All functions are for the thread of that loop. It stays where it is until it was closed
/// and the libuv loop has run its close.
class uv_guest {
 public:
  /// Told of an error of guest_poll(), or of libuv about its handles. The guest tries again in the next round of the libuv
  /// loop, unless this closes it.
  using error_function = void (*)(uv_guest&, std::error_code);

  uv_guest() noexcept = default;  ///< not open
  uv_guest(const uv_guest&) = delete;
  uv_guest& operator=(const uv_guest&) = delete;
  /// Stops the program unless it is closed: libuv still uses its memory.
  ~uv_guest() {
    if (is_open_) chime_uv_misuse_("a guest of a libuv loop was destroyed before that loop had closed it");
  }

  /// Puts `loop`, opened with `guest = true`, into `host`, which lives longer. The loop must stay open until close() has
  /// succeeded. `on_error` null: an error prints one line on stderr and stops the program. A few system calls.
  /// Errors: EINVAL (the loop is no guest), EALREADY (this guest is open), EEXIST (the loop has a guest in `host`
  /// already), what the kernel says to epoll_ctl(2).
  [[nodiscard]] result<void> open(uv_loop_t& host, proactor& loop, error_function on_error = nullptr) noexcept {
    if (is_open_) return as_result(-EALREADY);
    loop_ = &loop;
    if (const int failed = chime_uv_init_(&guest_, &host, loop.handle(), turn, this); failed < 0)
      return as_result(failed);
    is_open_ = true;
    guest_.data = this;
    on_error_ = on_error;
    guest_.on_error = tell;
    return {};
  }
  /// Ends the guest: no turn comes after this, and the proactor may be closed. The libuv loop closes the handles in a later
  /// round, and then this may be destroyed. Completions may call it.
  /// Errors: busy (EBUSY: waits, or starts, are outstanding: cancel them first), EALREADY (closing, or not open).
  [[nodiscard]] result<void> close() noexcept {
    if (!is_open_) return as_result(-EALREADY);
    return as_result(
        chime_uv_close(&guest_, [](chime_uv_guest* g) { static_cast<uv_guest*>(g->data)->is_open_ = false; }));
  }
  /// Until the libuv loop has closed it.
  [[nodiscard]] bool is_open() const noexcept { return is_open_; }

  /// Keeps uv_run() from returning until stop(): for waits and operations that are submitted directly, and by other
  /// threads. Counts: each start needs its stop, and a stop too many stops the program.
  void start() noexcept { chime_uv_start(&guest_); }
  /// Takes one start() back. No system call.
  void stop() noexcept { chime_uv_stop(&guest_); }

  /// As event::submit, and keeps uv_run() from returning until `done` is called. A wait in flight stops the program.
  void submit(uv_wait& wait, event&& ev, callback done, time_point deadline = never) noexcept {
    if (wait.guest_ != nullptr) chime_uv_misuse_("a wait in a libuv loop was submitted while it is in flight");
    wait.guest_ = this;
    wait.done_ = done;
    start();
    std::move(ev).submit(callback::to<&uv_wait::ended>(wait), deadline);
  }

  void* data = nullptr;  ///< yours

  /// Calls of guest_poll() so far.
  [[nodiscard]] std::uint64_t turns() const noexcept { return guest_.turns; }

 private:
  static constexpr int failed_here = -ECANCELED;  ///< what failed is in `error_`

  [[nodiscard]] static result<void> as_result(int error) noexcept {
    if (error == 0) return {};
    return std::unexpected(std::error_code(-error, std::system_category()));
  }
  static int turn(void* self, std::int64_t* next_ns) noexcept {
    auto& me = *static_cast<uv_guest*>(self);
    const auto next = me.loop_->guest_poll();
    if (!next) {
      me.error_ = next.error();
      return failed_here;
    }
    *next_ns = nanoseconds_until(*next);
    return 0;
  }
  /// As chime_proactor_guest_poll counts: 0 at once, -1 never.
  [[nodiscard]] static std::int64_t nanoseconds_until(time_point next) noexcept {
    if (next == never) return -1;
    if (next == time_point::min()) return 0;
    const time_point now = clock::now();
    if (next <= now) return 0;
    const std::chrono::nanoseconds left = next - now;
    return left.count();
  }
  static void tell(chime_uv_guest* guest, int error) noexcept {
    auto& me = *static_cast<uv_guest*>(guest->data);
    std::error_code told = std::exchange(me.error_, {});
    if (!told) told.assign(-error, std::system_category());
    if (me.on_error_ != nullptr) return me.on_error_(me, told);
    std::fprintf(stderr, "chime: the guest of a libuv loop has failed: %s\n", told.message().c_str());
    std::abort();
  }

  friend class uv_wait;
  chime_uv_guest guest_{};
  proactor* loop_ = nullptr;
  error_function on_error_ = nullptr;
  std::error_code error_;
  bool is_open_ = false;
};

inline void uv_wait::ended(completion&& done) noexcept {
  std::exchange(guest_, nullptr)->stop();
  done_.target()(done_.context(), std::move(done));
}

}  // namespace CHIME_ABI
}  // namespace chime
