// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A C++ program, whose need for this minor version of the library the linker has written down.
#include <chime/chime.hpp>

// What inline code knows of objects. A patch version must not change it, since its programs and libraries meet.
static_assert(sizeof(chime::event) == 8 && sizeof(chime::ticket) == 16 && sizeof(chime::completion) == 24);
static_assert(sizeof(chime::proactor) == 8 && sizeof(chime::operation) == 104);
static_assert(sizeof(chime::event_pool) == 1216 && sizeof(chime::event_cache) == 16);
static_assert(sizeof(chime::pool_options) == 48 && sizeof(chime::proactor_options) == 56);

int main() {
  chime::proactor loop;
  return loop.open() ? 0 : 1;
}
