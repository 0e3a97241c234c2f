// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "command.hpp"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>

namespace tools_test {
namespace {

/// A file without a name, for what a program prints: unlike a pipe it never makes the program wait.
class output_file {
 public:
  output_file() : file_(std::tmpfile()) {
    if (file_ == nullptr) throw std::runtime_error("no temporary file can be made");
  }
  output_file(const output_file&) = delete;
  output_file& operator=(const output_file&) = delete;
  ~output_file() { std::fclose(file_); }

  [[nodiscard]] int descriptor() const { return fileno(file_); }
  [[nodiscard]] std::string text() const {
    std::string all;
    char part[4096];
    std::rewind(file_);
    for (std::size_t got = 0; (got = std::fread(part, 1, sizeof part, file_)) != 0;) all.append(part, got);
    return all;
  }

 private:
  std::FILE* file_;
};

/// In the child. The rights are dropped from the bounding set, so that they are gone after exec. Fails for others than
/// root, who do not have them.
[[noreturn]] void become(const std::vector<char*>& words, const std::vector<std::string>& environment, int out,
                         int err) {
  prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE);
  prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH);
  unsetenv("CHIME_BACKEND");
  for (const std::string& setting : environment) putenv(const_cast<char*>(setting.c_str()));
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  execvp(words[0], words.data());
  std::perror(words[0]);
  _exit(127);
}

}  // namespace

outcome run(const std::vector<std::string>& words, const std::vector<std::string>& environment) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);

  const output_file out;
  const output_file err;
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("no process can be started");
  if (child == 0) become(pointers, environment, out.descriptor(), err.descriptor());
  int status = 0;
  if (waitpid(child, &status, 0) != child) throw std::runtime_error("the process is lost");
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), out.text(), err.text()};
}

}  // namespace tools_test
