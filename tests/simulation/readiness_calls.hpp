// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// epoll(7) and poll(2) of the simulated kernel, under the product's own backends of these names. One instance of epoll at a
/// time, since there is one loop.
#pragma once

#include <poll.h>
#include <sys/epoll.h>

#include <cstdint>
#include <vector>

#include "kernel.hpp"

namespace chime::simulation {

class readiness_calls final : public sleeper {
 public:
  explicit readiness_calls(simulation& of) noexcept : of_(of) {}

  // Results as those of the system calls, negative for -errno. Timeouts in nanoseconds, negative: for ever.
  [[nodiscard]] int make_epoll() noexcept;
  [[nodiscard]] int control(int what, int number, const epoll_event* wanted) noexcept;
  [[nodiscard]] int wait(epoll_event* ready, int most, std::int64_t timeout_ns) noexcept;
  [[nodiscard]] int poll(pollfd* entries, std::size_t count, std::int64_t timeout_ns) noexcept;

 private:
  struct registration {
    int number;
    int file;
    epoll_event wanted;
    bool armed = true;
    std::uint64_t seen = 0;  ///< edge-triggered: what lay in it when it was told last
  };

  void changed(int) noexcept override {}
  [[nodiscard]] bool has_news() noexcept override;
  [[nodiscard]] std::int64_t next_news_ns() const noexcept override { return kernel::for_ever; }

  [[nodiscard]] std::uint32_t ready_events(int file, std::uint32_t wanted) const noexcept;
  [[nodiscard]] std::uint32_t news_of(const registration& r) const noexcept;
  [[nodiscard]] short news_of(const pollfd& p) const noexcept;

  simulation& of_;
  std::vector<registration> registered_;
  const pollfd* entries_ = nullptr;  ///< of the poll that sleeps; null: it is an epoll
  std::size_t entry_count_ = 0;
};

}  // namespace chime::simulation
