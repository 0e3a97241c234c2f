// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A loop of one's own whose guest is chime: what the two functions use.
#include <algorithm>
#include <chime/chime.hpp>
#include <chrono>
#include <system_error>

using namespace std::chrono_literals;

struct host {
  chime::proactor loop;
  chime::time_point next = chime::time_point::min();
  void report(std::error_code error);

  // HERE
};

int use(host& h) {
  h.turn();
  return h.sleep_at_most();
}
