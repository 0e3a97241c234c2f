// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The text behind an errno value, which alone cannot say which of its many causes it had.
#include <array>
#include <cstdio>
#include <string>

#include "c_api/convert.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace c_api {
namespace {

thread_local std::error_code last_error;
thread_local std::array<char, 256> text;

}  // namespace

void remember(std::error_code error) noexcept { last_error = error; }

}  // namespace c_api
}  // namespace CHIME_ABI
}  // namespace chime

const char* chime_last_error(void) {
  using namespace chime::c_api;
  if (!last_error) return "";
  std::snprintf(text.data(), text.size(), "%s", last_error.message().c_str());
  return text.data();
}
