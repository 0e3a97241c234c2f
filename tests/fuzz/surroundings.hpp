// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What an input may use up: memory and descriptors, both counted, both refused on demand, and the handles that are
/// watched.
#pragma once

#include <sys/resource.h>

#include <chime/memory.hpp>
#include <cstddef>

namespace fuzz {

/// Counts what is out and refuses when told. AddressSanitizer watches over what is written to it.
class counted_memory {
 public:
  std::size_t blocks = 0;
  std::size_t refusals = 0;
  bool refuses = false;

  [[nodiscard]] void* take(std::size_t size, std::size_t alignment) noexcept;
  void give(void* block, std::size_t size, std::size_t alignment) noexcept;
  [[nodiscard]] chime::allocator get() noexcept;
};

/// How many of the first descriptors are open, by one system call.
[[nodiscard]] int open_descriptors() noexcept;

/// While tight, at most a few more descriptors can be opened.
class descriptor_limit {
 public:
  descriptor_limit() noexcept;
  descriptor_limit(const descriptor_limit&) = delete;
  descriptor_limit& operator=(const descriptor_limit&) = delete;
  ~descriptor_limit() { lift(); }
  void tighten(unsigned more) noexcept;
  void lift() noexcept;
  [[nodiscard]] bool is_tight() const noexcept { return tight_; }
  /// How often it was tightened.
  [[nodiscard]] std::size_t times() const noexcept { return times_; }

 private:
  rlimit usual_ = {};
  bool tight_ = false;
  std::size_t times_ = 0;
};

/// Two ends, one written to and one read from.
class channel {
 public:
  explicit channel(bool pipe) noexcept;
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;
  ~channel();
  [[nodiscard]] bool exists() const noexcept { return reader_ >= 0; }
  [[nodiscard]] int reader() const noexcept { return reader_; }
  [[nodiscard]] int writer() const noexcept { return writer_; }
  [[nodiscard]] bool is_readable() const noexcept { return exists() && (unread_ != 0 || writer_ < 0); }
  void write() noexcept;
  void read() noexcept;
  void close_writer() noexcept;

 private:
  int reader_ = -1;
  int writer_ = -1;
  unsigned unread_ = 0;
};

struct surroundings {
  counted_memory memory;
  descriptor_limit descriptors;
};

}  // namespace fuzz
