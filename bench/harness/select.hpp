// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Which jobs a command line asked for.
#pragma once

#include <string>
#include <vector>

#include "harness/job.hpp"

namespace chime::bench {

[[nodiscard]] bool matches(const std::string& glob, const std::string& name);

/// The jobs, by their place in the list, whose case matches and who measure a subject that matches.
[[nodiscard]] std::vector<std::size_t> select(const job_list&, const std::string& case_glob,
                                              const std::string& subject_glob);

}  // namespace chime::bench
