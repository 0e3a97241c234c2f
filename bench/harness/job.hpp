// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What the cases give to the harness: jobs. A job measures one subject, or several that must be interleaved within one
/// process (ping by ping). The harness runs each sample of a job in a fresh process, pinned, again and again, jobs of
/// one case in turn, and makes rows out of the figures.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace chime::bench {

/// One number that a sample found.
struct figure {
  std::string subject;  ///< who was measured, such as "chime-cache"
  std::string
      metric;  ///< empty for a case's only figure; else "p50", "threads-4": the row's case is then "case:metric"
  double value;
  std::string unit = {};  ///< empty: the job's
};

/// What a sample is asked for.
struct sampling {
  bool quick;      ///< a tenth of the work, so that all samples of a whole run end within 90 s
  int first_cpu;   ///< the process starts pinned here: the polling thread's, or the only one
  int second_cpu;  ///< the producers'
};

/// How many processors matter: a sample on one of them has no placement.
enum class span { one_cpu, two_cpus };

struct job {
  std::string case_name;              ///< "pool/cycle"
  std::vector<std::string> subjects;  ///< whom one sample measures
  std::string unit;                   ///< "ns", "M/s", "us", "calls", "bytes", "instructions"
  span cpus = span::two_cpus;
  std::function<std::vector<figure>(const sampling&)> sample;
  bool once = false;  ///< the figure does not vary (bytes, instructions): one sample is enough
};

using job_list = std::vector<job>;

// Each file of cases adds its jobs.
void add_limit_cases(job_list&);
void add_pool_cases(job_list&);
void add_signal_cases(job_list&);
void add_blocking_cases(job_list&);
void add_timer_cases(job_list&);
void add_memory_cases(job_list&);

}  // namespace chime::bench
