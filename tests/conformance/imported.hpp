// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What the tests of waits for handles of others share: such handles, and waits for them with a drain policy.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "world.hpp"

namespace conformance {

/// A descriptor, closed at the end of scope.
class descriptor {
 public:
  explicit descriptor(int number) noexcept : number_(number) { EXPECT_GE(number, 0); }
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  descriptor& operator=(descriptor&&) = delete;
  ~descriptor() { close(); }
  operator int() const noexcept { return number_; }  // NOLINT(google-explicit-constructor): it is used as a number
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }
  /// An eventfd in blocking mode, unless the flags say otherwise.
  static descriptor counter(unsigned initial = 0, int flags = 0) {
    return descriptor(::eventfd(initial, EFD_CLOEXEC | flags));
  }

 private:
  int number_;
};

inline bool add(int eventfd, std::uint64_t value) { return ::write(eventfd, &value, sizeof value) == sizeof value; }
/// The counter of an eventfd, which is 0 then.
inline std::uint64_t rest_of(int eventfd) {
  std::uint64_t value = 0;
  return is_readable(eventfd) && ::read(eventfd, &value, sizeof value) == sizeof value ? value : 0;
}

/// In a world: submits waits with a policy, and knows what each took.
struct importing : in_world {
  struct wait {
    chime::operation op;
    waiter w;
    [[nodiscard]] std::uint64_t drained() const noexcept { return op.drained(); }
  };
  wait& start(chime::native_handle handle, chime::drain policy, time_point deadline = chime::never) {
    wait& made = waits_->emplace_back();
    loop.submit(made.op, made.w, handle, policy, deadline);
    return made;
  }
  /// Starts a wait and expects it to succeed with what `drained` says.
  void expect_takes(chime::native_handle handle, chime::drain policy, std::uint64_t drained) {
    wait& one = start(handle, policy);
    ASSERT_TRUE(complete(one.w));
    EXPECT_EQ(one.w.error, std::error_code());
    EXPECT_EQ(one.drained(), drained);
  }
  /// Starts a wait and expects it to fail.
  void expect_fails(chime::native_handle handle, chime::drain policy, std::error_code error) {
    wait& one = start(handle, policy);
    ASSERT_TRUE(complete(one.w)) << "policy " << static_cast<int>(policy);
    EXPECT_EQ(one.w.error, error) << one.w.error.message() << ", policy " << static_cast<int>(policy);
    EXPECT_EQ(one.drained(), 0U);
  }
  void expect_cancels(wait& one) {
    EXPECT_TRUE(loop.cancel(one.op));
    ASSERT_TRUE(complete(one.w));
    EXPECT_EQ(one.w.outcome(), outcome::cancelled);
    EXPECT_EQ(one.drained(), 0U);
  }

 private:
  std::unique_ptr<std::deque<wait>> waits_ = std::make_unique<std::deque<wait>>();

 protected:
  ~importing() override {
    if (HasFailure()) (void)waits_.release();  // NOLINT(bugprone-unused-return-value): as those of in_world are
  }
};

}  // namespace conformance
