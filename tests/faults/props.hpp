// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What a scenario has about it: descriptors to watch, and pools with waits.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <stdexcept>

#include "trial.hpp"

namespace faults {

inline constexpr std::size_t each = 4;  ///< events that are used of each kind

/// Writes and reads of the scenario itself are vectored ones: the library makes none of those.
inline void write_eight(chime::native_handle handle) {
  std::uint64_t one = 1;
  const iovec part{&one, sizeof one};
  (void)!::writev(static_cast<int>(handle), &part, 1);
}

/// Descriptors to watch, made before anything fails.
struct scenery {
  int sockets[2] = {-1, -1};
  int file = -1;

  scenery() {
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets) != 0)
      throw std::runtime_error("no sockets");
    file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (file < 0) throw std::runtime_error("no file");
  }
  scenery(const scenery&) = delete;
  scenery& operator=(const scenery&) = delete;
  ~scenery() {
    for (const int descriptor : {sockets[0], sockets[1], file}) ::close(descriptor);
  }
};

/// A pool and the waits of its events.
struct club {
  chime::event_pool pool;
  chime::pool_options options;
  std::deque<wait> waits;
  std::array<chime::ticket, each> tickets;

  club(ledger& books, chime::pool_options o) : options(o) {
    for (std::size_t i = 0; i < each; ++i) waits.emplace_back(books);
  }
};

}  // namespace faults
