// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cases/signal_cases.hpp"

namespace chime::bench {

void add_signal_cases(job_list& jobs) {
  add_signal_throughput(jobs);
  add_signal_cycle(jobs);
  add_signal_latency(jobs);
  add_signal_asleep(jobs);
  add_signal_syscalls(jobs);
  add_signal_idle(jobs);
}

}  // namespace chime::bench
