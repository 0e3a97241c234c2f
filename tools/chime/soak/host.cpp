// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "host.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace chime::soak {
namespace {

int checked(int result, const char* call) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), call);
  return result;
}

}  // namespace

host::host(proactor& guest, breaches& wrong)
    : guest_(guest), wrong_(wrong), epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "cannot make an epoll")) {
  epoll_event wanted{.events = EPOLLIN, .data = {}};
  checked(::epoll_ctl(epoll_, EPOLL_CTL_ADD, static_cast<int>(guest.handle()), &wanted), "cannot watch the guest");
}

host::~host() {
  if (::close(epoll_) != 0) wrong_.add("an epoll cannot be closed");
}

int host::sleep_in_poll(time_point until) const {
  pollfd watched{.fd = static_cast<int>(guest_.handle()), .events = POLLIN, .revents = 0};
  if (until == never) return ::ppoll(&watched, 1, nullptr, nullptr);
  const auto left = std::max(until - clock::now(), std::chrono::nanoseconds(0));
  const timespec timeout{.tv_sec = left.count() / 1'000'000'000, .tv_nsec = left.count() % 1'000'000'000};
  return ::ppoll(&watched, 1, &timeout, nullptr);
}

int host::sleep_in_epoll(time_point until) const {
  epoll_event ready;
  if (until == never) return ::epoll_wait(epoll_, &ready, 1, -1);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now());
  return ::epoll_wait(epoll_, &ready, 1, static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000)));
}

void host::run(const std::atomic<bool>& finished) {
  while (!finished.load(std::memory_order_acquire)) {
    const std::uint64_t turn = turns_.fetch_add(1, std::memory_order_relaxed);
    const auto next = guest_.guest_poll();
    if (!next) {
      wrong_.add(fmt::format("the guest's turn ended with: {}", next.error().message()));
      return;
    }
    if (*next == time_point::min()) continue;
    const int slept = turn % 2 == 0 ? sleep_in_poll(*next) : sleep_in_epoll(*next);
    if (slept < 0 && errno != EINTR) {
      wrong_.add(fmt::format("the host cannot sleep: {}", std::generic_category().message(errno)));
      return;
    }
  }
}

}  // namespace chime::soak
