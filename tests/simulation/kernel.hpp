// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The simulated kernel: a clock that only moves when somebody reads it or sleeps, descriptors whose numbers are used again
/// at once, eventfds, pipes and sockets, and the two ways to sleep. All results are as those of system calls: negative for
/// -errno.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <limits>
#include <vector>

#include "backend/backend.hpp"

namespace chime::simulation {

class simulation;

/// Who must be told when a file has changed, and is asked when the loop sleeps: the backend.
class sleeper {
 public:
  virtual void changed(int file) noexcept = 0;
  /// Whether there is something to wake up for now.
  [[nodiscard]] virtual bool has_news() noexcept = 0;
  /// When there will be, as far as it is known.
  [[nodiscard]] virtual std::int64_t next_news_ns() const noexcept = 0;

 protected:
  ~sleeper() = default;
};

class kernel {
 public:
  static constexpr std::int64_t for_ever = std::numeric_limits<std::int64_t>::max();

  explicit kernel(simulation& of) noexcept : of_(of) { files_.reserve(64); }

  [[nodiscard]] std::int64_t now_ns() const noexcept { return now_ns_; }
  /// As the product reads it: time passes, and others may act meanwhile.
  [[nodiscard]] std::int64_t read_clock() noexcept;
  void pass(std::int64_t ns) noexcept { now_ns_ += ns; }

  [[nodiscard]] static bool is_simulated(int number) noexcept { return number >= first_number; }
  [[nodiscard]] int make_eventfd() noexcept;
  [[nodiscard]] int make_pipe(int (&ends)[2]) noexcept;
  [[nodiscard]] int make_socket() noexcept;
  /// An eventfd of somebody else: there are enough.
  [[nodiscard]] int make_import() noexcept;
  [[nodiscard]] int make_epoll() noexcept;
  [[nodiscard]] int duplicate(int number) noexcept;
  [[nodiscard]] int close(int number) noexcept;
  [[nodiscard]] long write(int number, const void* from, std::size_t size) noexcept;
  [[nodiscard]] long read(int number, void* to, std::size_t size) noexcept;
  /// What a read by number does, for a reader who has the file.
  [[nodiscard]] long read_file(int file, void* to, std::size_t size) noexcept;
  [[nodiscard]] long futex(const std::uint32_t* address, int operation, std::uint32_t expected,
                           const timespec* timeout) noexcept;

  /// The file behind a number; -1: the number is not open.
  [[nodiscard]] int file_of(int number) const noexcept;
  /// Whether it is open under any number.
  [[nodiscard]] bool has_number(int file) const noexcept { return at(file).numbers != 0; }
  [[nodiscard]] bool is_ready(int file, detail::request wanted) const noexcept;
  /// What lies in an eventfd or a pipe.
  [[nodiscard]] std::uint64_t content(int file) const noexcept { return at(file).content; }
  void set_socket(int number, bool readable, bool writable) noexcept;
  [[nodiscard]] std::uint32_t open_numbers() const noexcept { return open_; }
  /// Descriptors, and places for watches of them, that were refused so far.
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }
  void count_refusal() noexcept { ++refused_; }

  /// The loop's sleep: until it has news, the time is over, or a signal handler ran (true); others act meanwhile.
  [[nodiscard]] bool sleep(sleeper& who, std::int64_t timeout_ns) noexcept;
  sleeper* told = nullptr;
  int bell = -1;  ///< the loop's doorbell, a file

 private:
  enum class kind : unsigned char { eventfd, pipe, socket, epoll };
  struct file_state {
    kind is;
    std::uint64_t content = 0;
    std::uint32_t numbers = 0;  ///< under which it is open
    bool readable = false;
    bool writable = false;
  };
  static constexpr int first_number = 100'000;
  /// Acts of other threads in one call of sleep or futex, before the program is asked to end it.
  static constexpr unsigned patience = 200;

  [[nodiscard]] file_state& at(int number) noexcept { return files_[static_cast<std::size_t>(number)]; }
  [[nodiscard]] const file_state& at(int number) const noexcept { return files_[static_cast<std::size_t>(number)]; }
  [[nodiscard]] static bool still_is(const std::uint32_t* address, std::uint32_t expected) noexcept;
  [[nodiscard]] long block(const std::uint32_t* address, std::uint32_t expected, const timespec* timeout) noexcept;
  [[nodiscard]] int shortage(unsigned wanted) noexcept;
  [[nodiscard]] int add_file(kind what) noexcept;
  [[nodiscard]] int add_number(int file) noexcept;
  void tell(int file) noexcept {
    if (told != nullptr) told->changed(file);
  }

  simulation& of_;
  std::int64_t now_ns_ = 1'000'000'000'000;
  std::int64_t last_reading_ns_ = 0;
  std::int64_t reading_before_ns_ = 0;
  std::uint64_t refused_ = 0;
  std::uint32_t open_ = 0;
  std::vector<file_state> files_;
  std::vector<int> numbers_;  ///< which file; -1: free
  struct blocked {
    const void* address;
    bool woken;
  };
  std::vector<blocked> blocked_;  ///< threads that sleep on a futex, the innermost last
};

}  // namespace chime::simulation
