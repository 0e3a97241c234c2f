// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Takes connections, and spawns a session for each.
#pragma once

#include "net.hpp"
#include "service.hpp"

namespace http_offload {

/// Until the acceptor is closed.
[[nodiscard]] awaitable<void> listen(tcp::acceptor& acceptor, service& all);

}  // namespace http_offload
