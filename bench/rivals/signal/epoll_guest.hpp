// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// chime inside a bare epoll loop, as docs/integrations/raw-loops.md has it.
#pragma once

#include "rivals/signal/epoll_eventfd.hpp"
#include "rivals/signal/guest_parts.hpp"

namespace chime::bench {

template <class Handler>
class epoll_guest_loop {
 public:
  static constexpr const char* name = "chime-in-epoll";

  epoll_guest_loop(layout l, Handler& handler) : parts_(l, handler) {
    host_.watch(static_cast<int>(parts_.loop.handle()), 0);
  }
  void open() {}
  void arm(unsigned slot) { parts_.slots.arm(slot); }
  /// No wait here has a deadline, so that the host sleeps until the handle is readable or not at all.
  void poll(bool may_block) {
    if (turn_at_once_) turn();
    host_.poll(may_block && !turn_at_once_, [this](std::uint64_t) {
      if (!turn_at_once_) turn();
    });
  }
  void close() {
    parts_.slots.cancel_all([this] { poll(true); });
  }

  struct producer : ticket_producer {
    producer(epoll_guest_loop& loop, unsigned) : ticket_producer(loop.parts_.slots.tickets()) {}
  };

 private:
  void turn() { turn_at_once_ = checked(parts_.loop.guest_poll(), "proactor::guest_poll") == time_point::min(); }

  guest_parts<Handler> parts_;
  epoll host_;
  bool turn_at_once_ = true;
};

}  // namespace chime::bench
