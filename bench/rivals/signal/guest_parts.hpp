// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// chime as a guest of somebody else's loop, whatever drives it.
#pragma once

#include "rivals/signal/event_slots.hpp"

namespace chime::bench {

template <class Handler>
struct guest_parts {
  guest_parts(layout l, Handler& handler) : slots((open(l), pool), l, handler) {}

  proactor loop;
  event_pool pool;
  event_slots<Handler> slots;

 private:
  void open(layout l) {
    checked(loop.open({.guest = true}), "proactor::open");
    checked(pool.open(loop, {.initial_capacity = l.total()}), "event_pool::open");
  }
};

}  // namespace chime::bench
