// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The pool cases, one file each, and the rivals that take part.
#pragma once

#include "harness/job.hpp"

namespace chime::bench {

void add_pool_cycle(job_list&);
void add_pool_instructions(job_list&);
void add_pool_burst(job_list&);
void add_pool_handoff(job_list&);
void add_pool_contended(job_list&);
void add_pool_migrate(job_list&);
void add_pool_grow(job_list&);

/// What the jobs of a case have in common.
struct pool_case {
  const char* name;
  const char* unit;
  span cpus;
  bool once = false;
};

/// One job for each of the pools, in this order: its sample is `Case<Pool>::sample`.
template <template <class> class Case, class... Pools>
void add_jobs(job_list& jobs, const pool_case& common) {
  const auto add = [&](const char* subject, auto sample) {
    jobs.push_back({common.name, {subject}, common.unit, common.cpus, sample, common.once});
  };
  (add(Pools::name, Case<Pools>::sample), ...);
}

}  // namespace chime::bench
