// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A backend that has no room for a wait for longer than the wait may last.
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

#include "chime/proactor.hpp"
#include "proactor/loop.hpp"

namespace {

using namespace std::chrono_literals;

/// Has no room; all else is the loop's own backend's.
class full final : public chime::detail::backend {
 public:
  explicit full(chime::detail::backend& real) : real_(real) {}
  [[nodiscard]] std::string_view name() const noexcept override { return real_.name(); }
  [[nodiscard]] std::error_code bind() noexcept override { return real_.bind(); }
  [[nodiscard]] int start(chime::detail::kernel_work&) noexcept override { return -EAGAIN; }
  [[nodiscard]] bool stop(chime::detail::kernel_work& work) noexcept override { return real_.stop(work); }
  [[nodiscard]] std::error_code wait(std::int64_t timeout_ns) noexcept override { return real_.wait(timeout_ns); }
  [[nodiscard]] bool looks_cheaply() const noexcept override { return real_.looks_cheaply(); }

 private:
  chime::detail::backend& real_;
};

struct outcome {
  int completions = 0;
  std::error_code error;
  void operator()(chime::completion&& c) {
    ++completions;
    error = c.error;
  }
};

TEST(NoRoom, ADeadlineIsKeptByAWaitThatTheBackendCannotTake) {
  const int handle = eventfd(1, EFD_CLOEXEC);
  chime::proactor loop;
  ASSERT_TRUE(loop.open({.backend = "poll"}));
  auto& inside = *chime::detail::loop_access::of(loop);
  full without_room(*inside.kernel);
  chime::detail::backend* const real = std::exchange(inside.kernel, &without_room);

  chime::operation op;
  outcome seen;
  loop.submit(op, seen, handle, chime::drain::eventfd, chime::clock::now() + 20ms);
  const chime::time_point end = chime::clock::now() + 1s;
  while (seen.completions == 0 && chime::clock::now() < end) ASSERT_TRUE(loop.poll(10ms));
  EXPECT_EQ(seen.completions, 1) << "no completion a second after the deadline";
  EXPECT_EQ(seen.error, chime::errc::timed_out);
  if (seen.completions == 0) {
    EXPECT_TRUE(loop.cancel(op));
    while (seen.completions == 0) ASSERT_TRUE(loop.poll(10ms));
  }
  EXPECT_EQ(op.drained(), 0U);

  inside.kernel = real;
  EXPECT_TRUE(loop.close());
  close(handle);
}

}  // namespace
