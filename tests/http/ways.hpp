// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Each test runs with each way of completion.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chime/chime.hpp>

#include "client.hpp"
#include "server_process.hpp"

namespace http_test {

class each_way : public ::testing::TestWithParam<way> {
 protected:
  void SetUp() override {
    const auto usable = [](const auto& b) { return b.name == GetParam().backend && b.usable; };
    if (!GetParam().backend.empty() && !std::ranges::any_of(chime::probe_backends(), usable))
      GTEST_SKIP() << GetParam().backend << " does not run here";
  }
};

inline const auto ways = ::testing::Values(way{"post", "post", ""}, way{"chime_epoll", "chime", "epoll"},
                                           way{"chime_io_uring", "chime", "io_uring"});
inline std::string way_name(const ::testing::TestParamInfo<way>& info) { return info.param.name; }

}  // namespace http_test

#define EACH_WAY(suite)                        \
  class suite : public http_test::each_way {}; \
  INSTANTIATE_TEST_SUITE_P(each, suite, http_test::ways, http_test::way_name)
