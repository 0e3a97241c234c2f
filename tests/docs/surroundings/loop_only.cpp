// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A loop, open, inside of a function.
#include <chime/chime.hpp>
#include <cstdio>

using namespace std::chrono_literals;

void somewhere(chime::proactor& loop) {
  // HERE
}
