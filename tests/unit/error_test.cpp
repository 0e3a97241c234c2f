// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "chime/error.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "error/system.hpp"
#include "sync/misuse.hpp"

namespace {

using chime::errc;
using chime::fault;

struct fault_expectation {
  fault code;
  std::optional<errc> condition;  ///< none: no portable condition says this
  int errno_value;
};

constexpr fault_expectation all_faults[] = {
    {fault::unknown_backend, errc::invalid_argument, EINVAL},
    {fault::unknown_backend_option, errc::invalid_argument, EINVAL},
    {fault::backend_unusable, errc::unsupported, EOPNOTSUPP},
    {fault::allocator_incomplete, errc::invalid_argument, EINVAL},
    {fault::capacity_below_initial, errc::invalid_argument, EINVAL},
    {fault::capacity_too_large, errc::invalid_argument, EINVAL},
    {fault::batch_zero, errc::invalid_argument, EINVAL},
    {fault::pool_exhausted, errc::resource_exhausted, ENOBUFS},
    {fault::pool_closed, errc::closed, ESHUTDOWN},
    {fault::pool_already_open, errc::busy, EBUSY},
    {fault::loop_closed, errc::closed, ESHUTDOWN},
    {fault::loop_already_open, errc::busy, EBUSY},
    {fault::pools_open, errc::busy, EBUSY},
    {fault::operations_in_flight, errc::busy, EBUSY},
    {fault::polling, errc::busy, EBUSY},
    {fault::second_polling_thread, errc::wrong_thread, EPERM},
    {fault::waits_exhausted, errc::resource_exhausted, EOVERFLOW},
    {fault::not_native, errc::unsupported, EOPNOTSUPP},
    {fault::native_only_in_loop, errc::unsupported, EOPNOTSUPP},
    {fault::unknown_node, errc::invalid_argument, ENODEV},
    {fault::numa_unavailable, errc::unsupported, EOPNOTSUPP},
    {fault::block_misfit, errc::invalid_argument, EINVAL},
    {fault::driven_by_host, errc::unsupported, EOPNOTSUPP},
    {fault::not_a_guest, errc::unsupported, EOPNOTSUPP},
    {fault::handle_misfit, errc::invalid_argument, EINVAL},
    {fault::clock_set, std::nullopt, ESTALE},
    {fault::nothing_to_wait_for, errc::invalid_argument, EINVAL},
};

constexpr std::array all_conditions = {errc::resource_exhausted, errc::cancelled,       errc::timed_out,
                                       errc::unsupported,        errc::closed,          errc::busy,
                                       errc::wrong_thread,       errc::invalid_argument};

/// The conditions that compare equal to a code.
std::vector<errc> conditions_of(std::error_code code) {
  std::vector<errc> found;
  for (const errc condition : all_conditions) {
    if (code == condition) found.push_back(condition);
  }
  return found;
}

using one = std::vector<errc>;
const std::vector<errc> none;

TEST(Fault, TestsKnowEveryFault) {
  ASSERT_EQ(std::size(all_faults), static_cast<std::size_t>(fault::nothing_to_wait_for));
  int number = 0;
  for (const auto& expected : all_faults) EXPECT_EQ(static_cast<int>(expected.code), ++number);
}

TEST(Fault, HasAMessageOfItsOwn) {
  std::set<std::string> messages;
  for (const auto& expected : all_faults) {
    const std::error_code code = expected.code;
    EXPECT_STREQ(code.category().name(), "chime");
    EXPECT_FALSE(code.message().empty()) << code.value();
    EXPECT_TRUE(messages.insert(code.message()).second) << code.message();
  }
}

TEST(Fault, MessageNamesTheCure) {
  EXPECT_EQ(make_error_code(fault::unknown_backend).message(), "unknown backend; known are io_uring, epoll and poll");
}

TEST(Fault, MeansOneConditionAtMost) {
  for (const auto& expected : all_faults) {
    const std::error_code code = expected.code;
    EXPECT_EQ(conditions_of(code), expected.condition ? one{*expected.condition} : none) << code.message();
    EXPECT_NE(code, std::errc::invalid_argument);
  }
}

TEST(Fault, UnknownNumberStillHasAMessage) {
  const std::error_code code(4711, make_error_code(fault::polling).category());
  EXPECT_NE(code.message().find("4711"), std::string::npos);
  EXPECT_EQ(conditions_of(code), none);
  EXPECT_EQ(chime::detail::to_errno(code), EINVAL);
}

class SystemCode : public testing::TestWithParam<std::pair<int, one>> {};

TEST_P(SystemCode, MeansItsConditionInBothCategories) {
  const auto& [value, meaning] = GetParam();
  EXPECT_EQ(conditions_of({value, std::system_category()}), meaning);
  EXPECT_EQ(conditions_of({value, std::generic_category()}), meaning);
}

INSTANTIATE_TEST_SUITE_P(
    Errno, SystemCode,
    testing::Values(std::pair(ENOMEM, one{errc::resource_exhausted}), std::pair(EMFILE, one{errc::resource_exhausted}),
                    std::pair(ENFILE, one{errc::resource_exhausted}), std::pair(ENOSPC, one{errc::resource_exhausted}),
                    std::pair(ENOBUFS, one{errc::resource_exhausted}), std::pair(EDQUOT, one{errc::resource_exhausted}),
                    std::pair(ECANCELED, one{errc::cancelled}), std::pair(ETIMEDOUT, one{errc::timed_out}),
                    std::pair(ETIME, one{errc::timed_out}), std::pair(ENOSYS, one{errc::unsupported}),
                    std::pair(EOPNOTSUPP, one{errc::unsupported}), std::pair(EBUSY, one{errc::busy}),
                    std::pair(EINVAL, one{errc::invalid_argument}), std::pair(EAGAIN, one{}), std::pair(EBADF, one{}),
                    std::pair(0, one{})),
    [](const auto& test) { return "errno_" + std::to_string(test.param.first); });

TEST(Condition, HasAMessageOfItsOwn) {
  std::set<std::string> messages;
  for (const errc condition : all_conditions) {
    EXPECT_TRUE(messages.insert(make_error_condition(condition).message()).second);
  }
  EXPECT_FALSE(messages.contains(""));
}

/// A category of somebody else's, which says what its codes mean in terms of errno, or does not.
class foreign_category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "foreign"; }
  [[nodiscard]] std::string message(int) const override { return name(); }
  [[nodiscard]] std::error_condition default_error_condition(int value) const noexcept override {
    return value == 1 ? std::errc::not_enough_memory : std::error_condition(value, *this);
  }
};
const foreign_category foreign;

TEST(Condition, ComparesForeignCodesByWhatTheyMapTo) {
  EXPECT_EQ(conditions_of({1, foreign}), one{errc::resource_exhausted});
  EXPECT_EQ(conditions_of({EINVAL, foreign}), none);
}

/// Asio's category of the system's errors maps none of them.
class asio_category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "asio.system"; }
  [[nodiscard]] std::string message(int) const override { return name(); }
};

TEST(Condition, ComparesAsiosCodesAsTheSystems) {
  const asio_category asio;
  EXPECT_EQ(conditions_of({ECANCELED, asio}), one{errc::cancelled});
  EXPECT_EQ(conditions_of({ETIMEDOUT, asio}), one{errc::timed_out});
  EXPECT_EQ(conditions_of({EPERM, asio}), none);
}

TEST(SystemError, KeepsTheCode) {
  const std::error_code code = chime::detail::system_error(EMFILE);
  EXPECT_EQ(code, std::error_code(EMFILE, std::system_category()));
  EXPECT_EQ(code, std::errc::too_many_files_open);
}

TEST(ToErrno, MapsEveryFault) {
  for (const auto& expected : all_faults) {
    EXPECT_EQ(chime::detail::to_errno(expected.code), expected.errno_value) << make_error_code(expected.code).message();
  }
}

TEST(ToErrno, KeepsTheSystemsCodes) {
  for (const int value : {EPERM, EINVAL, EMFILE, ECANCELED, ETIME, EDQUOT, EHWPOISON}) {
    EXPECT_EQ(chime::detail::to_errno({value, std::system_category()}), value);
    EXPECT_EQ(chime::detail::to_errno({value, std::generic_category()}), value);
  }
  EXPECT_EQ(chime::detail::to_errno({}), 0);
}

TEST(ToErrno, ForeignCodesAreNeverSuccess) {
  EXPECT_EQ(chime::detail::to_errno({1, foreign}), ENOMEM);
  EXPECT_EQ(chime::detail::to_errno({2, foreign}), EIO);
}

bool errors_work() {
  return make_error_code(fault::pool_closed) == errc::closed &&
         std::error_code(ENOMEM, std::generic_category()) == errc::resource_exhausted &&
         make_error_code(fault::pool_closed).message() != "";
}

/// Made before every object of the library and ended after them.
struct earliest_and_latest {
  bool worked_at_first = errors_work();
  bool check_at_exit = false;
  ~earliest_and_latest() {
    if (check_at_exit) _exit(errors_work() ? 0 : 1);
  }
};
[[gnu::init_priority(101)]] earliest_and_latest whole_program;

TEST(ErrorDeathTest, ErrorsCanBeComparedBeforeMainAndAfterIt) {
  EXPECT_TRUE(whole_program.worked_at_first);
  EXPECT_EXIT((whole_program.check_at_exit = true, std::exit(2)), testing::ExitedWithCode(0), "");
}

TEST(MisuseDeathTest, SaysWhatAndHowMany) {
  EXPECT_DEATH(chime::detail::misuse("somebody erred"), "^chime: somebody erred\n$");
  EXPECT_DEATH(chime::detail::misuse("events are out", 12), "^chime: 12 events are out\n$");
  EXPECT_DEATH(chime::detail::misuse("events are out", 0), "^chime: 0 events are out\n$");
}

TEST(MisuseDeathTest, CutsOffWhatDoesNotFit) {
  const std::string text(10'000, 'x');
  EXPECT_DEATH(chime::detail::misuse(text.c_str()), "^chime: (xx){200,252}x?\n$");
}

}  // namespace
