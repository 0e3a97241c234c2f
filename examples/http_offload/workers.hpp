// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The threads that work, and the queue before them.
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "checksum/work_queue.hpp"
#include "craft.hpp"
#include "job.hpp"
#include "settings.hpp"

namespace http_offload {

class workers {
 public:
  /// Starts the threads. Throws std::system_error (threads, the gate), std::bad_alloc.
  explicit workers(const settings& s);
  workers(const workers&) = delete;
  workers& operator=(const workers&) = delete;
  /// Finishes what is queued, and joins.
  ~workers();

  /// Never waits, since no more than `max_work` jobs are under way.
  void push(std::shared_ptr<job> j) { queue_.push(std::move(j)); }

 private:
  void work(craft& tools, const std::stop_token& stop);
  void pass_gate() const noexcept;

  checksum::work_queue<std::shared_ptr<job>> queue_;
  int gate_ = -1;
  std::vector<std::jthread> threads_;
};

}  // namespace http_offload
