// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Standalone asio: each signal posts a handler with the slot's number. The concurrency hint 1 says that one thread
/// runs the context, others only post.
#pragma once

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "rivals/signal/interface.hpp"

namespace chime::bench {

/// A context that does not stop when it runs out of handlers.
class asio_context {
 public:
  [[nodiscard]] ::asio::io_context& get() { return context_; }
  void poll(bool may_block) {
    if (may_block) context_.run_one();
    context_.poll();
  }

 private:
  ::asio::io_context context_{1};
  ::asio::executor_work_guard<::asio::io_context::executor_type> guard_{context_.get_executor()};
};

template <class Handler>
class asio_loop {
 public:
  static constexpr const char* name = "asio";

  asio_loop(layout, Handler& handler) : handler_(handler) {}
  void open() {}
  void close() {}
  void arm(unsigned) {}
  void poll(bool may_block) { context_.poll(may_block); }

  class producer {
   public:
    producer(asio_loop& loop, unsigned) : loop_(loop) {}
    void signal(unsigned slot) {
      ::asio::post(loop_.context_.get(), [handler = &loop_.handler_, slot] { (*handler)(slot); });
    }

   private:
    asio_loop& loop_;
  };

 private:
  Handler& handler_;
  asio_context context_;
};

}  // namespace chime::bench
