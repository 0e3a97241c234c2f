// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "harness/child.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

namespace chime::bench {

namespace {

using clock = std::chrono::steady_clock;

void check(int error, const char* what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

void check_call(int result, const char* what) { check(result < 0 ? errno : 0, what); }

class descriptor {
 public:
  descriptor() = default;
  explicit descriptor(int number) : number_(number) {}
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~descriptor() { close(); }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }
  [[nodiscard]] int get() const { return number_; }

 private:
  int number_ = -1;
};

struct pipe_ends {
  pipe_ends() {
    std::array<int, 2> ends = {};
    check_call(pipe2(ends.data(), O_CLOEXEC), "cannot make a pipe");
    out = descriptor(ends[0]);
    in = descriptor(ends[1]);
  }
  descriptor out;
  descriptor in;
};

// A child that is killed and waited for if watching it fails.
class process {
 public:
  process(const std::string& path, const std::vector<std::string>& arguments, int out, int errors) {
    std::vector<std::string> words = {path};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    check(posix_spawn_file_actions_init(&actions), "cannot prepare a child");
    int error = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (error == 0) error = posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    if (error == 0) error = posix_spawn(&pid_, path.c_str(), &actions, nullptr, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    check(error, "cannot start a child");
  }
  process(const process&) = delete;
  process& operator=(const process&) = delete;
  ~process() {
    if (pid_ < 0) return;
    kill();
    ::waitpid(pid_, nullptr, 0);
  }

  void kill() const { ::kill(pid_, SIGKILL); }
  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0) {
      if (errno != EINTR) check(errno, "cannot wait for a child");
    }
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_ = -1;
};

// Reads what there is; false at the end.
bool read_some(int from, std::string& into) {
  std::array<char, 4096> buffer = {};
  const ssize_t got = ::read(from, buffer.data(), buffer.size());
  if (got < 0 && errno == EINTR) return true;
  check_call(got < 0 ? -1 : 0, "cannot read what a child prints");
  into.append(buffer.data(), static_cast<std::size_t>(got));
  return got > 0;
}

// True when both pipes have ended before the deadline.
bool read_all(int out, std::string& printed, int errors, std::string& complaints, clock::time_point deadline) {
  std::array<pollfd, 2> ends = {pollfd{out, POLLIN, 0}, pollfd{errors, POLLIN, 0}};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock::now()).count();
    if (left <= 0) return false;
    const int ready = ::poll(ends.data(), ends.size(), static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    check_call(ready, "cannot wait for what a child prints");
    if (ends[0].revents != 0 && !read_some(out, printed)) ends[0].fd = -1;
    if (ends[1].revents != 0 && !read_some(errors, complaints)) ends[1].fd = -1;
  }
  return true;
}

std::string describe(int status) {
  if (WIFSIGNALED(status)) return fmt::format("killed by {}", strsignal(WTERMSIG(status)));
  return WEXITSTATUS(status) == 0 ? std::string() : fmt::format("exit code {}", WEXITSTATUS(status));
}

}  // namespace

child_outcome run_child(const std::string& path, const std::vector<std::string>& arguments,
                        std::chrono::seconds time_limit) {
  pipe_ends out;
  pipe_ends errors;
  process child(path, arguments, out.in.get(), errors.in.get());
  out.in.close();
  errors.in.close();

  child_outcome outcome;
  const auto deadline = clock::now() + time_limit;
  const bool ended = read_all(out.out.get(), outcome.printed, errors.out.get(), outcome.errors, deadline);
  if (!ended) child.kill();
  const int status = child.wait();
  outcome.failure = ended ? describe(status) : fmt::format("not done after {} s", time_limit.count());
  return outcome;
}

}  // namespace chime::bench
