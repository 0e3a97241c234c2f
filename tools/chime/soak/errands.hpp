// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What else a producer gives to the loop beside its events: a post, a timer and a watch, now and then cancelled.
#pragma once

#include <atomic>
#include <chime/proactor.hpp>
#include <cstdint>

#include "use.hpp"

namespace chime::soak {

/// One operation and its books. The producer's, but for the time between submit and completion.
class errand {
 public:
  errand(proactor& loop, polling_side& side) noexcept : loop_(loop), side_(side) {}
  [[nodiscard]] bool is_running() const noexcept { return running_.load(std::memory_order_acquire); }

  void post(bool cancelled) noexcept;
  void time(time_point due, bool cancelled) noexcept;
  /// Watches; then makes the handle readable by writing to `writer`, or cancels.
  void watch(native_handle reader, native_handle writer, bool cancelled) noexcept;
  /// After a run: checks that the completion said what cancel() had promised.
  void settle() noexcept;

 private:
  [[nodiscard]] callback begin() noexcept;
  void cancel() noexcept { cancel_won_ = loop_.cancel(operation_); }
  void completed(completion&& done) noexcept;

  proactor& loop_;
  polling_side& side_;
  operation operation_;
  std::atomic<bool> running_ = false;  ///< release and acquire: hand over what is below
  std::error_code error_;
  time_point due_;
  bool cancel_won_ = false;
};

class errands {
 public:
  errands(proactor& loop, polling_side& side);
  errands(const errands&) = delete;
  errands& operator=(const errands&) = delete;
  ~errands();

  /// Starts one of them, if it is not under way. `drawn` is random.
  void run_one(std::uint64_t drawn, ledger& books) noexcept;
  /// When all are done.
  void settle() noexcept {
    for (errand* one : {&post_, &timer_, &watch_}) one->settle();
  }
  [[nodiscard]] bool all_done() const noexcept {
    return !post_.is_running() && !timer_.is_running() && !watch_.is_running();
  }

 private:
  void empty_pipe() noexcept;

  errand post_;
  errand timer_;
  errand watch_;
  breaches& wrong_;
  int pipe_[2] = {-1, -1};
};

}  // namespace chime::soak
