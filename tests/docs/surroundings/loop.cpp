// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A loop and a pool, open, inside of a function.
#include <chime/chime.hpp>
#include <cstdint>
#include <cstdio>
#include <thread>
#include <utility>

using namespace std::chrono_literals;

void somewhere(chime::proactor& loop, chime::event_pool& pool) {
  // HERE
}
