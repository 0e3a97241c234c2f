// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "harness/select.hpp"

#include <fnmatch.h>

#include <algorithm>

namespace chime::bench {

bool matches(const std::string& glob, const std::string& name) { return fnmatch(glob.c_str(), name.c_str(), 0) == 0; }

std::vector<std::size_t> select(const job_list& jobs, const std::string& case_glob, const std::string& subject_glob) {
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const bool has_subject = std::ranges::any_of(
        jobs[i].subjects, [&](const std::string& subject) { return matches(subject_glob, subject); });
    if (has_subject && matches(case_glob, jobs[i].case_name)) chosen.push_back(i);
  }
  return chosen;
}

}  // namespace chime::bench
