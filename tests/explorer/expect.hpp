// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What a test says about a search. A failure of the test prints the failing execution and its trace.
#pragma once

#include "explorer/explorer.hpp"

#include <gtest/gtest.h>

#include <string>

namespace chime::explore {

/// Nothing failed, and everything within the bounds was tried.
inline void expect_passes(const outcome& found) { EXPECT_TRUE(!found.failed && found.complete) << found.report(); }

/// Some execution failed with a message that contains this text.
inline void expect_fails(const outcome& found, const std::string& with) {
  EXPECT_TRUE(found.failed && found.message.find(with) != std::string::npos)
      << "expected a failure with: " << with << "\n"
      << found.report();
}

}  // namespace chime::explore
