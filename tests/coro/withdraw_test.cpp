// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Inside: a kernel that fails while a wait is withdrawn would leave the loop with memory that is gone.
#include <cerrno>

#include "coro_world.hpp"
#include "proactor/loop.hpp"

namespace coro_test {
namespace {

/// Takes work, and never gives it back.
class broken_backend final : public chime::detail::backend {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "broken"; }
  [[nodiscard]] std::error_code bind() noexcept override { return {}; }
  [[nodiscard]] int start(chime::detail::kernel_work&) noexcept override { return 0; }
  [[nodiscard]] bool stop(chime::detail::kernel_work&) noexcept override { return false; }
  [[nodiscard]] std::error_code wait(std::int64_t) noexcept override {
    return std::error_code(EBADF, std::system_category());
  }
  [[nodiscard]] bool looks_cheaply() const noexcept override { return false; }
  [[nodiscard]] int handle() const noexcept override { return -1; }
  [[nodiscard]] bool stays_with_thread() const noexcept override { return false; }
};

class CoroWithdrawDeathTest : public in_coro_world {};
INSTANTIATE_TEST_SUITE_P(on, CoroWithdrawDeathTest, testing::Values(conformance::world{"epoll"}), conformance::name_of);

TEST_P(CoroWithdrawDeathTest, AKernelThatFails) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  auto pipe = conformance::descriptor_pair::pipe();
  record<> r;
  foreign f = await_into(r, chime::async_wait(loop, pipe.first, chime::interest::readable));
  let_the_loop_see();
  broken_backend broken;
  EXPECT_DEATH(
      {
        chime::detail::loop_access::of(loop)->kernel = &broken;
        f.destroy();
      },
      "chime: the kernel failed while the wait of a destroyed coroutine was withdrawn");
  f.destroy();
}

}  // namespace
}  // namespace coro_test
