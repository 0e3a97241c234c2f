// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A second thread that does one job at a time when asked, so that a scenario can be signalled from outside of its loop. It
/// waits by sleeping a little again and again: in a trace of system calls that cannot be mistaken for the library's.
#pragma once

#include <atomic>
#include <chrono>
#include <thread>

namespace faults {

inline void rest() { std::this_thread::sleep_for(std::chrono::microseconds(100)); }

class assistant {
 public:
  assistant() : thread_([this] { work(); }) {
    while (!here_) rest();
  }
  assistant(const assistant&) = delete;
  assistant& operator=(const assistant&) = delete;
  ~assistant() {
    quit_ = true;
    thread_.join();
  }

  /// Starts `job`, which must live until finish() has returned.
  template <class Job>
  void start(Job& job) {
    context_ = &job;
    run_.store([](void* context) { (*static_cast<Job*>(context))(); });
  }
  void finish() {
    while (run_.load() != nullptr) rest();
  }

 private:
  void work() {
    here_ = true;
    while (!quit_) {
      if (auto* const run = run_.load(); run != nullptr) {
        run(context_);
        run_.store(nullptr);
      }
      rest();
    }
  }

  std::atomic<bool> here_ = false;
  std::atomic<bool> quit_ = false;
  void* context_ = nullptr;
  std::atomic<void (*)(void*)> run_ = nullptr;
  std::thread thread_;
};

}  // namespace faults
