// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What is behind a chime_proactor.
#pragma once

#include <array>

#include "chime/chime.h"
#include "proactor/loop.hpp"

struct chime_proactor {
  chime::proactor core;
  chime::allocator memory;            ///< where this struct comes from, too
  std::array<char, 64> backend = {};  ///< NUL-terminated
};
