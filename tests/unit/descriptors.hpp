// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// How many descriptors this process has, how many it may have, and a limit on how many more it may get.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vector>

namespace chime_test {

/// Needs one more for a moment.
[[nodiscard]] inline std::size_t open_descriptors() {
  std::size_t count = 0;
  DIR* const all = ::opendir("/proc/self/fd");
  if (all == nullptr) {
    ADD_FAILURE() << "cannot count descriptors";
    return 0;
  }
  while (::readdir(all) != nullptr) ++count;
  ::closedir(all);
  return count - 3;  // ".", ".." and the directory itself
}

/// For tests that need more descriptors than the 1,024 that a login gets. False: this process may not have so many.
[[nodiscard]] inline bool allow_descriptors(rlim_t count) {
  rlimit limit{};
  EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_cur >= count) return true;
  limit.rlim_cur = count;
  return limit.rlim_max >= count && ::setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

/// While this lives the process can open exactly `more` further descriptors.
class descriptor_limit {
 public:
  explicit descriptor_limit(std::size_t more) {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    // Descriptors are given out lowest first, so the next `more` numbers are found by taking them.
    std::vector<int> next;
    int beyond = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    while (next.size() < more) {
      next.push_back(beyond);
      beyond = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    for (const int fd : next) ::close(fd);
    ::close(beyond);
    rlimit low = before_;
    low.rlim_cur = static_cast<rlim_t>(beyond);
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  }
  descriptor_limit(const descriptor_limit&) = delete;
  descriptor_limit& operator=(const descriptor_limit&) = delete;
  ~descriptor_limit() { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0); }

 private:
  rlimit before_{};
};

}  // namespace chime_test
