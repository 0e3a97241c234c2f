// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Forked children of a test: what they say on stderr, and how they end.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>

namespace faults {

struct child_end {
  int status = -1;
  std::string said;

  [[nodiscard]] bool left_with(int code) const { return WIFEXITED(status) && WEXITSTATUS(status) == code; }
  [[nodiscard]] bool aborted() const { return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT; }
};

/// Runs `body` in a forked child, which then ends by _exit(0), and waits for it.
template <class Body>
[[nodiscard]] child_end in_child(Body body) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);  // so that one that hangs ends, and fails the test
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    body();
    ::_exit(0);
  }
  ::close(ends[1]);
  child_end end;
  std::array<char, 512> part{};
  for (ssize_t got = 0; (got = ::read(ends[0], part.data(), part.size())) > 0;)
    end.said.append(part.data(), static_cast<std::size_t>(got));
  ::close(ends[0]);
  if (::waitpid(child, &end.status, 0) != child) end.status = -1;
  return end;
}

}  // namespace faults
