// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Stop tokens, as part of the seam: the standard's, which find out by the system's thread whether a callback that is to go
/// runs on another one. The explorer, whose threads share one of the system's, has its own. Not an interface.
#pragma once

#include <chime/config.hpp>

#include <stop_token>

namespace chime::inline CHIME_ABI::sync {

using stop_token = std::stop_token;
template <class Function>
using stop_callback = std::stop_callback<Function>;

}  // namespace chime::inline CHIME_ABI::sync
