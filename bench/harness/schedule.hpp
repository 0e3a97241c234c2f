// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// In which order samples are taken: round after round, and in each round the jobs in turn, so that whatever the machine
/// does for a while meets all subjects of a case alike.
#pragma once

#include <string>
#include <vector>

#include "harness/job.hpp"
#include "harness/results.hpp"

namespace chime::bench {

struct schedule_options {
  int runs = 15;
  bool quick = false;
  int first_cpu = 0;
  int second_cpu = 0;
};

/// A sample that could not be taken. It is tried again at once; if that fails too, the job is not run any more.
struct failed_sample {
  std::string case_name;
  std::string subjects;
  std::string what;
  bool recovered = false;  ///< a later attempt of the same round succeeded
};

struct suite_outcome {
  results measured;
  std::vector<failed_sample> failures;
  int discarded = 0;  ///< samples thrown away because the processors moved meanwhile
};

/// The hidden option by which a child is told which job to run. It prints its sample as JSON.
inline constexpr const char* sample_option = "--sample";
inline constexpr const char* processors_option = "--processors";

/// Takes all samples of these jobs, each in a process of its own, and says on stderr how far it is. A quick suite stops
/// when its time is over, but not before each job had its turn.
[[nodiscard]] suite_outcome run_suite(const job_list&, const std::vector<std::size_t>& chosen, const schedule_options&);

}  // namespace chime::bench
