// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One turn of a host's loop, of which chime's is a guest.
#include <chime/chime.hpp>

void frame(chime::proactor& loop, chime::time_point end_of_share) {
  // HERE
}
