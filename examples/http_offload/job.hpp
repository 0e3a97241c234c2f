// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// One piece of work: what a request wants done with its body. The session and the worker share it, so that neither needs
/// the other to be alive: a session that has given up leaves the worker's memory alone.
#pragma once

#include <atomic>
#include <functional>
#include <string>

namespace http_offload {

enum class task : unsigned char {
  sha256,
  gzip,
  echo,  ///< nothing: shows what the way to a worker and back costs
};

struct job {
  task what = task::sha256;
  std::string body;
  std::string answer;   ///< written by the worker, read by the session after `done`
  bool failed = false;  ///< likewise
  /// The session has given up: a worker that has not begun need not. Relaxed: a hint, nothing else depends on it.
  std::atomic<bool> abandoned{false};
  /// Called by the worker, last: tells the loop. What was written before is visible to who learns of it.
  std::move_only_function<void()> done;
};

}  // namespace http_offload
