// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// One connection, from its first byte to its end: a coroutine.
///
/// It reads a request, waits for its answer, writes it, and then looks at the next: so pipelined requests are answered in
/// order, and a client that sends many has one job under way at most. While a worker has a job the session does not read,
/// so it does not notice that its client has gone before it writes the answer: until then the job keeps its place, and then
/// everything is freed. A client that has shut down its sending side only gets its answer therefore.
///
/// Each read and write has a time by which all of it must be over; Beast closes the socket then.
#pragma once

#include "net.hpp"
#include "service.hpp"

namespace http_offload {

/// To be spawned; ends with the connection.
[[nodiscard]] awaitable<void> serve(tcp::socket socket, service& all);

}  // namespace http_offload
