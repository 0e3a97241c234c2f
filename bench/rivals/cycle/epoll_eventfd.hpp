// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// An eventfd from the pool. The descriptors are watched for as long as they live, so that a wait needs no call.
#pragma once

#include <cstdint>

#include "rivals/cycle/descriptor_pool.hpp"
#include "rivals/signal/epoll_eventfd.hpp"

namespace chime::bench {

template <class Handler>
class epoll_eventfd_cycle {
 public:
  static constexpr const char* name = "epoll-eventfd";

  epoll_eventfd_cycle(unsigned in_flight, Handler& handler) : handler_(handler), pool_(in_flight) {
    pool_.for_each(
        [this](descriptor_event& e) { epoll_.watch(e.descriptor.get(), reinterpret_cast<std::uintptr_t>(&e)); });
  }
  void open() {}
  void close() {}
  void poll() {
    epoll_.poll(false, [this](std::uint64_t value) {
      auto& used = *reinterpret_cast<descriptor_event*>(value);
      used.descriptor.read();
      handler_();
      pool_.release(used);
    });
  }

  class producer {
   public:
    explicit producer(epoll_eventfd_cycle& cycle) : cycle_(cycle) {}
    void use() {
      descriptor_event& used = cycle_.pool_.acquire();
      used.descriptor.write();
    }

   private:
    epoll_eventfd_cycle& cycle_;
  };

 private:
  Handler& handler_;
  descriptor_pool pool_;
  epoll epoll_;
};

}  // namespace chime::bench
