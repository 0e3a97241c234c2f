// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What all sessions have in common.
#pragma once

#include <cstdint>

#include "completion.hpp"
#include "connections.hpp"
#include "settings.hpp"

namespace http_offload {

/// Used on the loop's thread.
struct service {
  const settings& limits;
  completion& work;
  connections open;
  std::uint64_t answered = 0;  ///< requests
};

}  // namespace http_offload
