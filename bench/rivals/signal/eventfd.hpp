// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// An eventfd with an owner, for the rivals that wait for one.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "rivals/signal/interface.hpp"

namespace chime::bench {

class event_descriptor {
 public:
  event_descriptor() : descriptor_(checked(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {}
  event_descriptor(event_descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  event_descriptor& operator=(event_descriptor&&) = delete;
  ~event_descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int get() const { return descriptor_; }

  void write() const {
    const std::uint64_t one = 1;
    checked(::write(descriptor_, &one, sizeof one), "write to an eventfd");
  }
  void read() const {
    std::uint64_t count;
    checked(::read(descriptor_, &count, sizeof count), "read from an eventfd");
  }

 private:
  int descriptor_;
};

}  // namespace chime::bench
