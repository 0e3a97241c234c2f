// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Which backend a loop gets, and what it says about it (L1). Backends are made to fail by a seccomp filter on one
/// thread.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "world.hpp"

namespace conformance {
namespace {

/// Sets or removes CHIME_BACKEND until the end of scope.
class environment {
 public:
  explicit environment(const char* value) {
    if (const char* before = std::getenv("CHIME_BACKEND"); before != nullptr) before_ = before;
    set(value);
  }
  environment(const environment&) = delete;
  environment& operator=(const environment&) = delete;
  ~environment() { set(before_ ? before_->c_str() : nullptr); }

 private:
  static void set(const char* value) {
    value == nullptr ? ::unsetenv("CHIME_BACKEND") : ::setenv("CHIME_BACKEND", value, 1);
  }
  std::optional<std::string> before_;
};

[[nodiscard]] bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Runs `what` on a thread for which these system calls fail with `error`.
template <class What>
void without(std::initializer_list<unsigned> calls, unsigned error, What what) {
  std::thread([&] {
    std::vector<sock_filter> program = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0}};  // the number of the call
    for (const unsigned call : calls) {
      program.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 1, call});
      program.push_back({BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | error});
    }
    program.push_back({BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW});
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    const bool filtered =
        ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
    if (!filtered) {
      std::printf("no seccomp here: not tested\n");
      return;
    }
    what();
  }).join();
}

TEST(choosing, an_unknown_name_is_refused) {
  for (const char* name : {"kqueue", "EPOLL", "epol", "epoll ", ":", "io-uring", "io_uring,no-defer"}) {
    chime::proactor loop;
    const auto opened = loop.open({.backend = name});
    ASSERT_FALSE(opened) << name;
    EXPECT_EQ(opened.error(), chime::fault::unknown_backend) << name;
    EXPECT_TRUE(opened.error() == chime::errc::invalid_argument);
    EXPECT_TRUE(contains(opened.error().message(), "io_uring")) << "tells what would be right";
    EXPECT_EQ(loop.backend(), "");
    EXPECT_EQ(loop.backend_choice(), "");
    EXPECT_TRUE(loop.open({.backend = "poll"})) << "a failed open leaves nothing behind";
  }
}

TEST(choosing, an_unknown_option_is_refused) {
  for (const char* name :
       {"io_uring:defer", "io_uring:no-defer,nothing", "io_uring:,no-defer", "epoll:no-defer", "poll:x"}) {
    chime::proactor loop;
    const auto opened = loop.open({.backend = name});
    ASSERT_FALSE(opened) << name;
    EXPECT_EQ(opened.error(), chime::fault::unknown_backend_option) << name;
    EXPECT_TRUE(opened.error() == chime::errc::invalid_argument);
  }
}

using backend = in_world;
ON_EVERY_BACKEND(backend);

TEST_P(backend, is_forced_by_option_and_says_so) {
  const std::string_view name = GetParam().backend;
  EXPECT_EQ(loop.backend(), name);
  EXPECT_TRUE(contains(loop.backend_choice(), name.substr(0, name.find(':')))) << loop.backend_choice();
  EXPECT_TRUE(contains(loop.backend_choice(), "asked for")) << loop.backend_choice();
}

TEST_P(backend, is_forced_by_environment_and_says_so) {
  ASSERT_TRUE(loop.close());
  const environment set(GetParam().backend);
  ASSERT_TRUE(loop.open());
  EXPECT_EQ(loop.backend(), GetParam().backend);
  EXPECT_TRUE(contains(loop.backend_choice(), "CHIME_BACKEND")) << loop.backend_choice();
}

TEST(choosing, the_option_wins_over_the_environment) {
  const environment set("poll");
  chime::proactor loop;
  ASSERT_TRUE(loop.open({.backend = "epoll"}));
  EXPECT_EQ(loop.backend(), "epoll");
}

TEST(choosing, a_wrong_environment_is_refused_and_an_empty_one_is_none) {
  chime::proactor loop;
  {
    const environment set("no such thing");
    EXPECT_EQ(loop.open().error(), chime::fault::unknown_backend);
  }
  const environment set("");
  EXPECT_TRUE(loop.open());
}

TEST(choosing, without_a_wish_the_first_that_runs_is_taken) {
  const environment none(nullptr);
  chime::proactor loop;
  ASSERT_TRUE(loop.open());
  for (const chime::backend_report& report : chime::probe_backends()) {
    EXPECT_NE(report.detail[0], '\0');
    if (!report.usable) {
      EXPECT_TRUE(contains(loop.backend_choice(), report.detail.data())) << loop.backend_choice();
      continue;
    }
    EXPECT_TRUE(loop.backend().starts_with(report.name)) << loop.backend();
    break;
  }
}

TEST(choosing, probing_reports_the_backends_in_their_order_and_leaks_nothing) {
  (void)chime::probe_backends();
  const std::size_t before = open_descriptors();
  const auto reports = chime::probe_backends();
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(reports[0].name, "io_uring");
  EXPECT_EQ(reports[1].name, "epoll");
  EXPECT_EQ(reports[2].name, "poll");
  EXPECT_TRUE(reports[2].usable);
  for (const chime::backend_report& report : reports) {
    chime::proactor loop;
    EXPECT_EQ(loop.open({.backend = report.name}).has_value(), report.usable) << report.name;
  }
}

/// A library may be built without io_uring; it then never gets as far as the call.
[[nodiscard]] bool io_uring_is_built_in() {
  return !contains(chime::probe_backends()[0].detail.data(), "not built in");
}

TEST(choosing, where_io_uring_is_not_built_in_the_reason_is_told_and_wrong_options_are_refused_all_the_same) {
  if (io_uring_is_built_in()) GTEST_SKIP() << "io_uring is built in";
  const environment none(nullptr);
  EXPECT_FALSE(chime::probe_backends()[0].usable);
  chime::proactor loop;
  EXPECT_EQ(loop.open({.backend = "io_uring:no-defer"}).error(), chime::fault::backend_unusable);
  EXPECT_EQ(loop.open({.backend = "io_uring:defer"}).error(), chime::fault::unknown_backend_option);
  ASSERT_TRUE(loop.open());
  EXPECT_EQ(loop.backend(), "epoll");
  EXPECT_TRUE(contains(loop.backend_choice(), "io_uring cannot run: not built in")) << loop.backend_choice();
}

TEST(choosing, where_io_uring_is_refused_epoll_is_taken_and_the_reason_is_told) {
  if (!io_uring_is_built_in()) GTEST_SKIP() << "io_uring is not built in";
  const environment none(nullptr);
  const std::pair<unsigned, const char*> errors[] = {{EPERM, "EPERM"}, {ENOSYS, "ENOSYS"}, {EACCES, "EACCES"}};
  for (const auto& [error, name] : errors) {
    without({SYS_io_uring_setup}, error, [&] {
      chime::proactor loop;
      ASSERT_TRUE(loop.open());
      EXPECT_EQ(loop.backend(), "epoll");
      EXPECT_TRUE(contains(loop.backend_choice(), "io_uring cannot run")) << loop.backend_choice();
      EXPECT_TRUE(contains(loop.backend_choice(), name)) << loop.backend_choice();
      const auto reports = chime::probe_backends();
      EXPECT_FALSE(reports[0].usable);
      EXPECT_TRUE(contains(reports[0].detail.data(), name)) << reports[0].detail.data();
      EXPECT_TRUE(reports[1].usable);
    });
  }
}

TEST(choosing, where_epoll_is_refused_too_poll_is_taken) {
  const environment none(nullptr);
  without({SYS_io_uring_setup, SYS_epoll_create1}, EPERM, [] {
    chime::proactor loop;
    ASSERT_TRUE(loop.open());
    EXPECT_EQ(loop.backend(), "poll");
    EXPECT_TRUE(contains(loop.backend_choice(), "epoll cannot run")) << loop.backend_choice();
  });
}

TEST(choosing, a_forced_backend_that_is_refused_is_not_replaced_by_another) {
  const std::pair<unsigned, const char*> forced[] = {{SYS_io_uring_setup, "io_uring"}, {SYS_epoll_create1, "epoll"}};
  for (const unsigned error : {unsigned{EPERM}, unsigned{ENOSYS}}) {
    for (const auto& [call, name] : forced) {
      without({call}, error, [&, backend = name] {
        chime::proactor loop;
        const std::size_t before = open_descriptors();
        const auto opened = loop.open({.backend = backend});
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error(), chime::fault::backend_unusable) << opened.error().message();
        EXPECT_TRUE(opened.error() == chime::errc::unsupported) << opened.error().message();
        EXPECT_EQ(open_descriptors(), before);
        EXPECT_TRUE(loop.open({.backend = "poll"})) << "and nothing is left behind";
      });
    }
  }
}

TEST(choosing, where_no_eventfd_can_be_made_open_fails_with_the_systems_code) {
  without({SYS_eventfd2}, ENFILE, [] {
    chime::proactor loop;
    const auto opened = loop.open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error(), std::error_code(ENFILE, std::system_category()));
    EXPECT_TRUE(opened.error() == chime::errc::resource_exhausted);
  });
}

}  // namespace
}  // namespace conformance
