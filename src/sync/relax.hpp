// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What a spinning thread does between two looks.
#pragma once

#include "chime/config.hpp"

namespace chime::inline CHIME_ABI::sync {

/// Tells the processor that this is a spin: a sibling thread of the core gets its resources meanwhile.
inline void relax_cpu() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  asm volatile("yield" ::: "memory");
#endif
}

}  // namespace chime::inline CHIME_ABI::sync
