// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// One eventfd for each slot, watched by one epoll for good, and read empty when it has fired: then nothing has to be
/// armed again.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <vector>

#include "rivals/signal/eventfd.hpp"
#include "rivals/signal/interface.hpp"

namespace chime::bench {

/// An epoll with an owner, whose watches carry a 64-bit value.
class epoll {
 public:
  epoll() : descriptor_(checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {}
  epoll(const epoll&) = delete;
  epoll& operator=(const epoll&) = delete;
  ~epoll() { ::close(descriptor_); }

  void watch(int descriptor, std::uint64_t value) {
    epoll_event wanted{.events = EPOLLIN, .data = {.u64 = value}};
    checked(epoll_ctl(descriptor_, EPOLL_CTL_ADD, descriptor, &wanted), "epoll_ctl");
  }

  /// Calls `use` with the value of each watch that is ready.
  template <class Use>
  void poll(bool may_block, Use use) {
    std::array<epoll_event, 64> ready;
    const int count = epoll_wait(descriptor_, ready.data(), static_cast<int>(ready.size()), may_block ? -1 : 0);
    if (count < 0 && errno == EINTR) return;
    checked(count, "epoll_wait");
    for (int i = 0; i < count; ++i) use(ready[static_cast<unsigned>(i)].data.u64);
  }

 private:
  int descriptor_;
};

template <class Handler>
class epoll_eventfd_loop {
 public:
  static constexpr const char* name = "epoll-eventfd";

  epoll_eventfd_loop(layout l, Handler& handler) : handler_(handler), slots_(l.total()) {
    for (unsigned i = 0; i < slots_.size(); ++i) epoll_.watch(slots_[i].get(), i);
  }
  void open() {}
  void close() {}
  void arm(unsigned) {}
  void poll(bool may_block) {
    epoll_.poll(may_block, [this](std::uint64_t slot) {
      slots_[slot].read();
      handler_(static_cast<unsigned>(slot));
    });
  }

  class producer {
   public:
    producer(epoll_eventfd_loop& loop, unsigned) : loop_(loop) {}
    void signal(unsigned slot) { loop_.slots_[slot].write(); }

   private:
    epoll_eventfd_loop& loop_;
  };

 private:
  Handler& handler_;
  std::vector<event_descriptor> slots_;
  epoll epoll_;
};

}  // namespace chime::bench
