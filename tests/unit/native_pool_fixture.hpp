// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A pool of native events on a loop, once with each kind of primitive, and looks at the primitives.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <ostream>

#include "event/native.hpp"
#include "pool_fixture.hpp"

namespace chime {

/// For the names of failed tests.
inline void PrintTo(primitive kind, std::ostream* out) { *out << (kind == primitive::pipe ? "pipe" : "eventfd"); }

}  // namespace chime

namespace chime_test {

[[nodiscard]] inline bool readable(int fd) {
  pollfd watched{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&watched, 1, 0) == 1;
}

/// The primitive, without asking the event for it, which would count as giving it to others.
[[nodiscard]] inline int read_end(const chime::event& ev) { return cell_of(ev).native()->handles.read; }

/// As a signaller that has announced itself, and has not got any further.
inline void enter_flight(const chime::event& ev) { ++cell_of(ev).native()->flight; }
inline void leave_flight(cell& c) { --c.native()->flight; }

class NativePool : public testing::TestWithParam<chime::primitive> {
 protected:
  NativePool() { EXPECT_TRUE(loop.open({.backend = "poll"})); }
  void open(std::size_t initial, std::size_t maximum = SIZE_MAX) {
    ASSERT_TRUE(pool.open(
        loop, {.initial_capacity = initial, .maximum_capacity = maximum, .native = true, .kind = GetParam()}));
  }
  [[nodiscard]] static std::size_t descriptors_each() { return GetParam() == chime::primitive::pipe ? 2 : 1; }

  chime::proactor loop;
  chime::event_pool pool;
};

inline const auto both_kinds = testing::Values(chime::primitive::eventfd, chime::primitive::pipe);
inline const auto name_of_kind = [](const testing::TestParamInfo<chime::primitive>& kind) {
  return kind.param == chime::primitive::pipe ? "pipe" : "eventfd";
};

}  // namespace chime_test
