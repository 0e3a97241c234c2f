// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What follows the colon of "io_uring:no-defer,linked-read". A wrong option is refused in every build, also in one without
/// io_uring.
#pragma once

#include <string_view>
#include <system_error>

#include "backend/backend.hpp"
#include "chime/error.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

struct uring_options {
  bool deferred = true;
  bool linked = false;  ///< drain by a poll linked to a read, as opposed to a plain read
};

/// Changes what the text names. False: an option is unknown, which `error` and `reason` then say.
[[nodiscard]] inline bool parse(std::string_view text, uring_options& wanted, std::error_code& error,
                                backend_text& reason) noexcept {
  while (!text.empty()) {
    const auto comma = text.find(',');
    const std::string_view option = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
    if (option == "no-defer") {
      wanted.deferred = false;
    } else if (option == "linked-read") {
      wanted.linked = true;
    } else if (option == "plain-read") {
      wanted.linked = false;
    } else {
      error = make_error_code(fault::unknown_backend_option);
      describe(reason, "options of io_uring are no-defer, plain-read and linked-read");
      return false;
    }
  }
  return true;
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
