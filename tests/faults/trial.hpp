// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A wait, and an operation, that know their place in the books: each completes exactly once for each time that it was
/// submitted, and one that the kernel refused is submitted again.
#pragma once

#include <chime/chime.hpp>
#include <utility>

#include "ledger.hpp"

namespace faults {

/// What both have in common. An outcome is success, cancelled or timed_out; anything else is an error of the system.
class attempt {
 public:
  explicit attempt(ledger& books) noexcept : books_(&books) {}
  attempt(const attempt&) = delete;
  attempt& operator=(const attempt&) = delete;

  [[nodiscard]] bool in_flight() const noexcept { return in_flight_; }
  /// Refused by the kernel: to be submitted again.
  [[nodiscard]] bool refused() const noexcept { return refused_; }
  [[nodiscard]] bool over() const noexcept { return !in_flight_ && !refused_; }
  [[nodiscard]] std::error_code error() const noexcept { return error_; }
  [[nodiscard]] bool succeeded() const noexcept { return over() && !error_; }

 protected:
  void begin() noexcept {
    ++books_->submitted;
    in_flight_ = true;
    refused_ = false;
  }
  void end(std::error_code error) noexcept {
    ++books_->completed;
    books_->expect(in_flight_, "something completed that was not in flight");
    in_flight_ = false;
    error_ = error;
    refused_ = error && error != chime::errc::cancelled && error != chime::errc::timed_out;
    if (refused_) books_->reported(error);
  }
  ledger* books_;  // NOLINT(cppcoreguidelines-non-private-member-variables-in-classes)

 private:
  bool in_flight_ = false;
  bool refused_ = false;
  std::error_code error_;
};

/// An event and its wait.
class wait : public attempt {
 public:
  using attempt::attempt;
  chime::event ev;

  void submit(chime::time_point deadline = chime::never) noexcept {
    deadline_ = deadline;
    again();
  }
  void again() noexcept {
    begin();
    std::move(ev).submit(chime::callback::to<&wait::done>(*this), deadline_);
  }
  /// By a ticket, from any thread that the books' owner waits for.
  static void signal(ledger& books, const chime::ticket& t) noexcept {
    if (t.signal() == chime::signal_result::delivered) ++books.signalled;
  }

 private:
  void done(chime::completion&& c) noexcept {
    ev = std::move(c.ev);
    if (!c.error) ++books_->consumed;
    end(c.error);
  }
  chime::time_point deadline_ = chime::never;
};

/// An operation, submitted by a function that is called again when it was refused.
class task : public attempt {
 public:
  using attempt::attempt;

  void post(chime::proactor& loop) noexcept {
    begin();
    loop.submit(op_, done_here());
  }
  void at(chime::proactor& loop, chime::time_point due) noexcept {
    begin();
    loop.submit(op_, done_here(), due);
  }
  void watch(chime::proactor& loop, int descriptor, chime::interest wanted) noexcept {
    descriptor_ = descriptor;
    wanted_ = wanted;
    policy_ = chime::drain::nothing;
    again(loop);
  }
  void drain(chime::proactor& loop, int descriptor, chime::drain policy) noexcept {
    descriptor_ = descriptor;
    policy_ = policy;
    again(loop);
  }
  void again(chime::proactor& loop) noexcept {
    begin();
    if (policy_ == chime::drain::nothing) return loop.submit(op_, done_here(), descriptor_, wanted_);
    loop.submit(op_, done_here(), descriptor_, policy_);
  }
  [[nodiscard]] std::uint64_t drained() const noexcept { return op_.drained(); }
  void cancel(chime::proactor& loop) noexcept { (void)loop.cancel(op_); }

 private:
  void done(chime::completion&& c) noexcept { end(c.error); }
  [[nodiscard]] chime::callback done_here() noexcept { return chime::callback::to<&task::done>(*this); }

  chime::operation op_;
  int descriptor_ = -1;
  chime::interest wanted_ = chime::interest::readable;
  chime::drain policy_ = chime::drain::nothing;
};

}  // namespace faults
