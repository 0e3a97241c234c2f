// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "readiness_calls.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "simulation.hpp"

namespace chime::simulation {

using detail::request;

int readiness_calls::make_epoll() noexcept {
  registered_.clear();
  return of_.os.make_epoll();
}

std::uint32_t readiness_calls::ready_events(int file, std::uint32_t wanted) const noexcept {
  std::uint32_t ready = 0;
  if ((wanted & EPOLLIN) != 0 && of_.os.is_ready(file, request::readable)) ready |= EPOLLIN;
  if ((wanted & EPOLLOUT) != 0 && of_.os.is_ready(file, request::writable)) ready |= EPOLLOUT;
  return ready;
}

/// A file that nobody has open any more has left the instance.
std::uint32_t readiness_calls::news_of(const registration& r) const noexcept {
  if (!r.armed || !of_.os.has_number(r.file)) return 0;
  if ((r.wanted.events & EPOLLET) != 0 && of_.os.content(r.file) == r.seen) return 0;
  return ready_events(r.file, r.wanted.events);
}

short readiness_calls::news_of(const pollfd& p) const noexcept {
  if (p.fd < 0) return 0;
  const int file = of_.os.file_of(p.fd);
  if (file < 0) return POLLNVAL;
  return static_cast<short>(ready_events(file, static_cast<std::uint32_t>(p.events)));
}

bool readiness_calls::has_news() noexcept {
  if (entries_ == nullptr) {
    return std::ranges::any_of(registered_, [&](const registration& r) { return news_of(r) != 0; });
  }
  return std::any_of(entries_, entries_ + entry_count_, [&](const pollfd& p) { return news_of(p) != 0; });
}

int readiness_calls::control(int what, int number, const epoll_event* wanted) noexcept {
  of_.let_others_act();
  const int file = of_.os.file_of(number);
  if (file < 0) return -EBADF;
  const auto found =
      std::ranges::find_if(registered_, [&](const registration& r) { return r.number == number && r.file == file; });
  const bool there = found != registered_.end();
  switch (what) {
    case EPOLL_CTL_ADD:
      if (there) return -EEXIST;
      if (of_.goes_wrong(of_.how.refused, step::refused)) {
        of_.os.count_refusal();
        return of_.random.below(2) == 0 ? -ENOMEM : -ENOSPC;
      }
      registered_.push_back({.number = number, .file = file, .wanted = *wanted});
      return 0;
    case EPOLL_CTL_MOD:
      if (!there) return -ENOENT;
      found->wanted = *wanted;
      found->armed = true;
      return 0;
    default:
      if (!there) return -ENOENT;
      registered_.erase(found);
      return 0;
  }
}

/// In whatever order, and perhaps not all.
int readiness_calls::wait(epoll_event* ready, int most, std::int64_t timeout_ns) noexcept {
  of_.let_others_act();
  if (!has_news() && timeout_ns != 0 && of_.os.sleep(*this, timeout_ns)) return -EINTR;
  if (of_.how.reorders && registered_.size() > 1) {
    const auto last = static_cast<std::uint32_t>(registered_.size()) - 1;
    std::swap(registered_[of_.random.below(last + 1)], registered_[last]);
    std::swap(registered_[of_.random.below(last + 1)], registered_[0]);
  }
  int count = 0;
  for (registration& r : registered_) {
    const std::uint32_t news = news_of(r);
    if (news == 0) continue;
    if (count == most || (count != 0 && of_.goes_wrong(of_.how.short_batch, step::short_batch))) break;
    ready[count++] = {.events = news, .data = r.wanted.data};
    if ((r.wanted.events & EPOLLONESHOT) != 0) r.armed = false;
    r.seen = of_.os.content(r.file);
  }
  return count;
}

int readiness_calls::poll(pollfd* entries, std::size_t count, std::int64_t timeout_ns) noexcept {
  of_.let_others_act();
  if (of_.goes_wrong(of_.how.wait_fails, step::wait_failed)) return -ENOMEM;
  entries_ = entries;
  entry_count_ = count;
  const bool interrupted = !has_news() && timeout_ns != 0 && of_.os.sleep(*this, timeout_ns);
  entries_ = nullptr;
  if (interrupted) return -EINTR;
  int ready = 0;
  for (std::size_t i = 0; i < count; ++i) {
    entries[i].revents = news_of(entries[i]);
    if (entries[i].revents != 0) ++ready;
  }
  return ready;
}

}  // namespace chime::simulation
