// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// libuv: one uv_async_t for each slot.
#pragma once

#include <uv.h>

#include <vector>

#include "rivals/signal/interface.hpp"

namespace chime::bench {

/// libuv returns negated codes.
inline void checked_uv(int result, const char* call) { checked_code(result, call); }

template <class Handler>
class libuv_loop {
 public:
  static constexpr const char* name = "libuv";

  libuv_loop(layout l, Handler& handler) : handler_(handler), slots_(l.total()) {
    checked_uv(uv_loop_init(&loop_), "uv_loop_init");
    for (unsigned i = 0; i < slots_.size(); ++i) {
      slots_[i].owner = this;
      slots_[i].number = i;
      checked_uv(uv_async_init(&loop_, &slots_[i].async, signalled), "uv_async_init");
      slots_[i].async.data = &slots_[i];
    }
  }
  void open() {}
  void arm(unsigned) {}
  void poll(bool may_block) { uv_run(&loop_, may_block ? UV_RUN_ONCE : UV_RUN_NOWAIT); }
  void close() {
    for (slot_state& slot : slots_) uv_close(reinterpret_cast<uv_handle_t*>(&slot.async), nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);
    checked_uv(uv_loop_close(&loop_), "uv_loop_close");
  }

  class producer {
   public:
    producer(libuv_loop& loop, unsigned) : loop_(loop) {}
    void signal(unsigned slot) { checked_uv(uv_async_send(&loop_.slots_[slot].async), "uv_async_send"); }

   private:
    libuv_loop& loop_;
  };

 private:
  struct slot_state {
    uv_async_t async{};
    libuv_loop* owner = nullptr;
    unsigned number = 0;
  };
  static void signalled(uv_async_t* async) {
    auto& slot = *static_cast<slot_state*>(async->data);
    slot.owner->handler_(slot.number);
  }

  Handler& handler_;
  uv_loop_t loop_{};
  std::vector<slot_state> slots_;
};

}  // namespace chime::bench
