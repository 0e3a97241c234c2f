// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What the server can be told: its address, its limits, and how long it waits for whom.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace http_offload {

/// How a worker tells the loop that it has done its job.
enum class completion_kind : unsigned char { chime, post };

struct settings {
  using duration = std::chrono::milliseconds;

  std::uint16_t port = 0;  ///< on loopback; 0: any that is free
  unsigned threads = 1;    ///< that do the work
  completion_kind completion = completion_kind::chime;

  /// Of chime: how long its loop looks again before it lets the host sleep, as long as that pays. It does not where processors
  /// are fewer than busy threads.
  std::chrono::microseconds spin{0};

  std::size_t max_body = std::size_t{1} << 20;  ///< bytes of a request's body: more is answered by 413
  std::size_t max_work = 256;                   ///< jobs that are queued or worked on: one more is answered by 503
  std::size_t max_connections = 1024;           ///< one more is answered by 503 and closed

  duration work_deadline{10'000};   ///< from the request to its answer: later it is 504
  duration read_timeout{10'000};    ///< for a whole request, from its first byte; of a new connection, from its start
  duration write_timeout{10'000};   ///< for a whole answer
  duration idle_timeout{60'000};    ///< between two requests of a connection
  duration shutdown_grace{10'000};  ///< after SIGTERM: connections that are open later are cut

  std::string gate;  ///< for tests: a named pipe; each job first reads one byte from it. Empty: none.
};

}  // namespace http_offload
