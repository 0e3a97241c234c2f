// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Another loop, of which the soak's loop is a guest: it sleeps in poll(2) and in epoll by turns, on the guest's handle alone,
/// and calls when it has to and not otherwise. So a wake-up that is lost stops everything.
#pragma once

#include <atomic>
#include <chime/proactor.hpp>
#include <cstdint>

#include "breaches.hpp"

namespace chime::soak {

class host {
 public:
  /// Throws std::system_error if the kernel gives no epoll.
  host(proactor& guest, breaches& wrong);
  host(const host&) = delete;
  host& operator=(const host&) = delete;
  ~host();

  /// Until `finished` is set and the guest was woken after that, or something is wrong.
  void run(const std::atomic<bool>& finished);
  /// Calls of guest_poll(), the one under way included. Any thread.
  [[nodiscard]] std::uint64_t turns() const noexcept { return turns_.load(std::memory_order_relaxed); }

 private:
  [[nodiscard]] int sleep_in_poll(time_point until) const;
  [[nodiscard]] int sleep_in_epoll(time_point until) const;

  proactor& guest_;
  breaches& wrong_;
  int epoll_;
  std::atomic<std::uint64_t> turns_ = 0;  ///< relaxed: counts
};

}  // namespace chime::soak
