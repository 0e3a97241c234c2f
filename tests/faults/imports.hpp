// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What the scenario drains: handles of somebody else, made before anything fails.
#pragma once

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <csignal>
#include <deque>
#include <iterator>
#include <stdexcept>
#include <string>

#include "trial.hpp"

namespace faults {

/// Signalled already, each in blocking mode.
class imports {
 public:
  imports() {
    ::sigemptyset(&usr1_);
    ::sigaddset(&usr1_, SIGUSR1);
    const itimerspec soon = {{}, {0, 1}};
    const bool made = ::pthread_sigmask(SIG_BLOCK, &usr1_, nullptr) == 0 && ::pipe2(pipe_, O_CLOEXEC) == 0 &&
                      ::timerfd_settime(timer, 0, &soon, nullptr) == 0 && ::kill(::getpid(), SIGUSR1) == 0;
    signals = ::signalfd(-1, &usr1_, SFD_CLOEXEC);
    // Opened by name, both for reading and writing: the kernel has no read of it that does not block.
    fifo = ::open(("/proc/self/fd/" + std::to_string(pipe_[0])).c_str(), O_RDWR | O_CLOEXEC);
    if (!made || signals < 0 || fifo < 0 || ::write(fifo, "five!", 5) != 5)
      throw std::runtime_error("nothing to import");
  }
  imports(const imports&) = delete;
  imports& operator=(const imports&) = delete;
  ~imports() {
    for (const int descriptor : {counter, timer, signals, fifo, pipe_[0], pipe_[1]}) ::close(descriptor);
    const timespec at_once = {};
    (void)::sigtimedwait(&usr1_, nullptr, &at_once);
    (void)::pthread_sigmask(SIG_UNBLOCK, &usr1_, nullptr);
  }

  /// Starts one wait for each.
  void drain(chime::proactor& loop, std::deque<task>& by) const {
    by[0].drain(loop, counter, chime::drain::eventfd);
    by[1].drain(loop, timer, chime::drain::timerfd);
    by[2].drain(loop, signals, chime::drain::signalfd);
    by[3].drain(loop, fifo, chime::drain::pipe);
  }
  /// Whether each of these waits took what there was.
  [[nodiscard]] static bool were_drained(const std::deque<task>& by) {
    const std::uint64_t expected[] = {3, 1, SIGUSR1, 5};
    for (std::size_t i = 0; i < std::size(expected); ++i) {
      if (!by[i].succeeded() || by[i].drained() != expected[i]) return false;
    }
    return true;
  }

 private:
  const int counter = ::eventfd(3, EFD_CLOEXEC);
  const int timer = ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  int signals = -1;
  int fifo = -1;
  int pipe_[2] = {-1, -1};
  sigset_t usr1_ = {};
};

}  // namespace faults
