// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The right to touch what is the polling thread's, for somebody who is not called by the loop: a destructor. Who has bound the
/// loop has it; if nobody has, it is claimed for the time being, as a poll would. Everybody else is stopped.
#pragma once

#include "proactor/loop.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

class polling_claim {
 public:
  explicit polling_claim(loop&) noexcept;
  polling_claim(const polling_claim&) = delete;
  polling_claim& operator=(const polling_claim&) = delete;
  ~polling_claim();

 private:
  loop& loop_;
  bool claimed_ = false;
};

/// Whether completions of this loop run on the calling thread alone, inside or outside of a poll.
[[nodiscard]] inline bool is_bound_here(const loop& l) noexcept {
  // Relaxed: a thread finds its own number only where itself has stored it.
  const std::uint64_t bound = l.polling_thread.load(std::memory_order_relaxed);
  return bound != 0 && sync::is_this_thread(bound);
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
