// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Hashes many files at once. This is where chime is used: one event for each file in flight, whose wait the loop holds
/// and whose ticket goes to a worker along with the file.
#pragma once

#include <chime/chime.hpp>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "progress.hpp"
#include "sha256.hpp"
#include "work_queue.hpp"

namespace checksum {

class checksummer;

/// One file on its way: the worker that has it writes the hash and then signals; the loop reads the hash afterwards.
struct file_job {
  checksummer* owner = nullptr;
  std::string path;
  chime::ticket hashed;
  file_hash hash;

  void completed(chime::completion&& done);
};

struct totals {
  std::size_t files = 0;  ///< that were hashed
  std::uint64_t bytes = 0;
  chime::pool_stats pool = {};
  chime::proactor_stats loop = {};
};

class checksummer {
 public:
  /// As many files are in flight as there are events.
  static constexpr unsigned events_per_worker = 8;

  checksummer(unsigned workers, std::vector<std::string> paths);
  checksummer(const checksummer&) = delete;
  checksummer& operator=(const checksummer&) = delete;

  /// Opens the loop and the pool.
  [[nodiscard]] chime::result<void> open(const std::string& backend);
  /// Hashes everything, once.
  [[nodiscard]] chime::result<void> run();

  /// In the order of the paths.
  [[nodiscard]] const std::vector<file_job>& jobs() const { return jobs_; }
  [[nodiscard]] std::string_view backend() const { return loop_.backend(); }
  [[nodiscard]] totals sum() const;

 private:
  friend struct file_job;
  [[nodiscard]] chime::result<void> start(file_job& job);
  [[nodiscard]] chime::result<chime::event> acquire_patiently();
  [[nodiscard]] chime::result<void> drain();
  void work(sha256& hasher, const std::stop_token& stop);

  std::vector<file_job> jobs_;
  unsigned workers_;
  std::size_t in_flight_ = 0;
  std::size_t completed_ = 0;
  progress progress_;
  chime::proactor loop_;
  chime::event_pool pool_;  // closes before the loop that it belongs to
  work_queue<file_job*> queue_;
};

}  // namespace checksum
