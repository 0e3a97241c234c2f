// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// For tests that run once on every backend, and are skipped where it cannot run.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chime/proactor.hpp>
#include <string>

namespace tools_test {

class on_every_backend : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const auto reports = chime::probe_backends();
    const auto mine = std::ranges::find(reports, GetParam(), &chime::backend_report::name);
    ASSERT_NE(mine, reports.end());
    if (!mine->usable) GTEST_SKIP() << mine->detail.data();
  }
};

inline const auto every_backend = testing::Values("io_uring", "epoll", "poll");
inline std::string backend_name(const testing::TestParamInfo<std::string>& info) { return info.param; }

}  // namespace tools_test
