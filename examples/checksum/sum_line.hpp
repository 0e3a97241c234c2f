// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A line of a list of checksums, as sha256sum writes and reads it.
#pragma once

#include <string>
#include <string_view>

#include "sha256.hpp"

namespace checksum {

/// "<hash>  <path>\n". If the path has a backslash, a line feed or a carriage return, these are escaped and the line
/// begins with a backslash.
[[nodiscard]] std::string sum_line(const digest& sum, std::string_view path);

}  // namespace checksum
