// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "errands.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace chime::soak {

callback errand::begin() noexcept {
  cancel_won_ = false;
  due_ = {};
  running_.store(true, std::memory_order_relaxed);  // the loop gets it by the submit
  return callback::to<&errand::completed>(*this);
}

void errand::post(bool cancelled) noexcept {
  loop_.submit(operation_, begin());
  if (cancelled) cancel();
}

void errand::time(time_point due, bool cancelled) noexcept {
  const callback done = begin();
  due_ = due;
  loop_.submit(operation_, done, due);
  if (cancelled) cancel();
}

void errand::watch(native_handle reader, native_handle writer, bool cancelled) noexcept {
  loop_.submit(operation_, begin(), reader, interest::readable);
  if (cancelled) {
    cancel();
    return;
  }
  const char byte = 1;
  if (::write(static_cast<int>(writer), &byte, 1) != 1) {
    side_.wrong.add(fmt::format("a pipe cannot be written: {}", std::generic_category().message(errno)));
  }
}

void errand::completed(completion&& done) noexcept {
  ++side_.books.operations_completed;
  if (!running_.load(std::memory_order_relaxed)) side_.wrong.add("an operation completed twice");
  if (!done.error && clock::now() < due_) side_.wrong.add("a timer completed early");
  error_ = done.error;
  running_.store(false, std::memory_order_release);
}

void errand::settle() noexcept {
  const bool as_promised = cancel_won_ ? error_ == errc::cancelled : !error_;
  if (!as_promised) {
    side_.wrong.add(fmt::format("an operation that was{} cancelled completed with: {}", cancel_won_ ? "" : " not",
                                error_.message()));
  }
}

errands::errands(proactor& loop, polling_side& side)
    : post_(loop, side), timer_(loop, side), watch_(loop, side), wrong_(side.wrong) {
  if (::pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot make a pipe");
  }
}

errands::~errands() {
  for (const int end : pipe_) {
    if (::close(end) != 0) wrong_.add("a pipe cannot be closed");
  }
}

void errands::empty_pipe() noexcept {
  char byte = 0;
  while (::read(pipe_[0], &byte, 1) == 1) {
  }
}

void errands::run_one(std::uint64_t drawn, ledger& books) noexcept {
  const bool cancelled = drawn / 16 % 4 == 0;
  errand& one = drawn % 16 < 8 ? post_ : drawn % 16 < 13 ? timer_ : watch_;
  if (one.is_running()) return;
  one.settle();
  ++books.operations_submitted;
  if (&one == &post_) {
    one.post(cancelled);
  } else if (&one == &timer_) {
    one.time(clock::now() + std::chrono::microseconds(drawn / 64 % 500), cancelled);
  } else {
    empty_pipe();
    one.watch(pipe_[0], pipe_[1], cancelled);
  }
}

}  // namespace chime::soak
