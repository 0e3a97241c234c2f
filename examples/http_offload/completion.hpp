// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The seam: how a session hands over a job and learns that it is done. Two implementations, which the command line chooses
/// from: chime (chime_completion.hpp), and asio::post (post_completion.hpp).
#pragma once

#include <memory>

#include "job.hpp"
#include "net.hpp"

namespace http_offload {

enum class outcome : unsigned char {
  done,   ///< the worker has written its answer
  busy,   ///< `max_work` jobs are under way; this one was not taken
  late,   ///< the deadline has passed; the job counts as work until the worker is through with it
  error,  ///< the loop could not wait
};

/// Used on the loop's thread.
class completion {
 public:
  completion() = default;
  completion(const completion&) = delete;
  completion& operator=(const completion&) = delete;
  virtual ~completion() = default;

  /// Hands the job to a worker and waits until it is done, or until the deadline.
  [[nodiscard]] virtual awaitable<outcome> offload(std::shared_ptr<job> j) = 0;
  /// Jobs that are queued or worked on.
  [[nodiscard]] virtual std::size_t under_way() const = 0;
  /// No more sessions will come: the loop's run() may return when the last job is done.
  virtual void finish() = 0;
  /// After run() has returned and the workers are joined. How many jobs were lost: 0, or there is a bug.
  [[nodiscard]] virtual std::size_t close() = 0;
};

}  // namespace http_offload
