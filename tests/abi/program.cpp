// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A C++ program, whose need for this minor version of the library the linker has written down.
#include <chime/chime.hpp>

int main() {
  chime::proactor loop;
  return loop.open() ? 0 : 1;
}
