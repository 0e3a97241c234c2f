// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// chime inside libuv, by chime/uv.hpp: what a user of libuv gets who signals with chime instead of uv_async_send.
#pragma once

#include <chime/uv.hpp>

#include "rivals/signal/guest_parts.hpp"
#include "rivals/signal/libuv.hpp"

namespace chime::bench {

template <class Handler>
class libuv_guest_loop {
 public:
  static constexpr const char* name = "chime-in-libuv";

  libuv_guest_loop(layout l, Handler& handler) : parts_(l, handler) {
    checked_uv(uv_loop_init(&host_), "uv_loop_init");
    checked(guest_.open(host_, parts_.loop), "uv_guest::open");
    guest_.start();
  }
  void open() {}
  void arm(unsigned slot) { parts_.slots.arm(slot); }
  void poll(bool may_block) { uv_run(&host_, may_block ? UV_RUN_ONCE : UV_RUN_NOWAIT); }
  void close() {
    parts_.slots.cancel_all([this] { poll(true); });
    guest_.stop();
    checked(guest_.close(), "uv_guest::close");
    uv_run(&host_, UV_RUN_DEFAULT);
    checked_uv(uv_loop_close(&host_), "uv_loop_close");
  }

  struct producer : ticket_producer {
    producer(libuv_guest_loop& loop, unsigned) : ticket_producer(loop.parts_.slots.tickets()) {}
  };

 private:
  guest_parts<Handler> parts_;
  uv_loop_t host_{};
  uv_guest guest_;
};

}  // namespace chime::bench
