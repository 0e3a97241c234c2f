// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Calls of the C interface with arguments that it refuses by a result, or takes for nothing.
#pragma once

#include <chime/chime.h>

namespace fuzz {

/// Zeroed, and with its size.
template <class Struct>
[[nodiscard]] Struct sized() noexcept {
  Struct made{};
  made.size = sizeof made;
  return made;
}

/// What there is at the moment; each may be null, and the pool not in use.
struct present {
  chime_proactor* loop;
  chime_pool* pool;
  chime_event* event;
};
/// Makes one of the calls, and aborts if its answer is not what the header says.
void call_with_bad_arguments(unsigned which, present);

}  // namespace fuzz
