// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cases/pool_cases.hpp"

namespace chime::bench {

void add_pool_cases(job_list& jobs) {
  add_pool_cycle(jobs);
  add_pool_instructions(jobs);
  add_pool_burst(jobs);
  add_pool_handoff(jobs);
  add_pool_contended(jobs);
  add_pool_migrate(jobs);
  add_pool_grow(jobs);
}

}  // namespace chime::bench
