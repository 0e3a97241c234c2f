// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Facts about the machine that chime's loops and pools run into.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace chime::tool {

/// What setrlimit may set. No value: unlimited.
struct resource_limit {
  std::optional<std::uint64_t> soft;
  std::optional<std::uint64_t> hard;
};

struct machine {
  std::string system;        ///< "Linux"
  std::string release;       ///< "6.1.0"
  std::string architecture;  ///< "x86_64"
  unsigned cores_online = 0;
  unsigned cores_allowed = 0;           ///< that this process may run on
  std::vector<unsigned> nodes_online;   ///< numbers of NUMA nodes; empty: the kernel does not know nodes
  std::vector<unsigned> nodes_allowed;  ///< that this process may take memory of
  resource_limit open_files;            ///< RLIMIT_NOFILE: native events, watched handles
  resource_limit locked_memory;         ///< RLIMIT_MEMLOCK, in bytes: old kernels charge rings to it
  // Of the kernel; none: it has no such setting.
  std::optional<std::uint64_t> nr_open;            ///< the most that RLIMIT_NOFILE can be raised to
  std::optional<std::uint64_t> max_user_watches;   ///< handles in all epoll sets of a user
  std::optional<std::uint64_t> io_uring_disabled;  ///< 0: not; 1: for those without privileges; 2: for all
};

[[nodiscard]] machine look_at_machine();

}  // namespace chime::tool
