// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A use is a posted handler: asio takes it from the heap and gives it back.
#pragma once

#include "rivals/signal/asio.hpp"

namespace chime::bench {

template <class Handler>
class asio_cycle {
 public:
  static constexpr const char* name = "asio";

  asio_cycle(unsigned, Handler& handler) : handler_(handler) {}
  void open() {}
  void close() {}
  void poll() { context_.poll(false); }

  class producer {
   public:
    explicit producer(asio_cycle& cycle) : cycle_(cycle) {}
    void use() {
      ::asio::post(cycle_.context_.get(), [handler = &cycle_.handler_] { (*handler)(); });
    }

   private:
    asio_cycle& cycle_;
  };

 private:
  Handler& handler_;
  asio_context context_;
};

}  // namespace chime::bench
