// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "server_process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "client.hpp"

namespace http_test {
namespace {

using namespace std::chrono_literals;

/// No test takes that long, unless something is wrong.
constexpr auto patience = 30s;
constexpr auto pause = 1ms;

[[noreturn]] void become(const std::vector<std::string>& words, const std::string& backend, int out, int err) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  unsetenv("CHIME_BACKEND");
  if (!backend.empty()) setenv("CHIME_BACKEND", backend.c_str(), 1);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  execv(pointers[0], pointers.data());
  std::perror(pointers[0]);
  _exit(127);
}

[[nodiscard]] std::string first_line(int descriptor) {
  std::string line;
  char c = 0;
  for (;;) {
    const ssize_t got = read(descriptor, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got != 1 || c == '\n') break;
    line += c;
  }
  return line;
}

/// Asks again and again.
template <class Question>
[[nodiscard]] bool comes_true(const Question& question) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!question()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(pause);
  }
  return true;
}

}  // namespace

gate::gate() {
  std::string pattern = std::filesystem::temp_directory_path() / "chime-http-XXXXXX";
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory can be made");
  directory_ = pattern;
  if (mkfifo(path().c_str(), 0600) != 0) throw std::runtime_error("no pipe can be made");
  descriptor_ = open(path().c_str(), O_RDWR | O_CLOEXEC);
}

gate::~gate() {
  close(descriptor_);
  std::filesystem::remove_all(directory_);
}

void gate::let_through(std::size_t jobs) const {
  const std::string bytes(jobs, 'x');
  ASSERT_EQ(write(descriptor_, bytes.data(), bytes.size()), static_cast<ssize_t>(jobs));
}

server_process::server_process(const way& how, std::vector<std::string> arguments) {
  std::vector<std::string> words = {CHIME_HTTP_OFFLOAD, "--completion", how.kind};
  words.insert(words.end(), arguments.begin(), arguments.end());
  int out[2];
  err_ = memfd_create("stderr", MFD_CLOEXEC);
  if (err_ < 0 || pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("no descriptors");
  process_ = fork();
  if (process_ == 0) become(words, how.backend, out[1], err_);
  close(out[1]);
  const std::string line = first_line(out[0]);
  close(out[0]);
  const std::size_t colon = line.rfind(':');
  if (colon == std::string::npos) {
    (void)wait();
    throw std::runtime_error("the server did not start: " + told());
  }
  port_ = static_cast<std::uint16_t>(std::stoul(line.substr(colon + 1)));
}

server_process::~server_process() {
  if (process_ > 0) {
    send(SIGKILL);
    const int code = wait();
    EXPECT_EQ(code, 128 + SIGKILL) << "the server had ended already, and said: " << told();
  }
  close(err_);
}

void server_process::send(int signal) const { ASSERT_EQ(kill(process_, signal), 0); }

int server_process::wait() {
  int status = 0;
  pid_t ended = 0;
  while ((ended = waitpid(process_, &status, 0)) < 0 && errno == EINTR) {
  }
  if (ended != process_) throw std::runtime_error("the server is lost");
  process_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string server_process::told() const {
  std::string all(1 << 16, '\0');
  const ssize_t got = pread(err_, all.data(), all.size(), 0);
  all.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return all;
}

std::size_t server_process::status(const std::string& what) const {
  client asking{port_};
  asking.send("GET /status HTTP/1.1\r\nConnection: close\r\n\r\n");
  std::istringstream lines{asking.read_answer().body};
  std::string name;
  for (std::size_t value = 0; lines >> name >> value;) {
    if (name == what) return value;
  }
  ADD_FAILURE() << "no status of " << what;
  return 0;
}

void server_process::await(const std::string& what, std::size_t value) const {
  ASSERT_TRUE(comes_true([&] { return status(what) == value; })) << what << " is never " << value;
}

void server_process::await_refusal() const {
  ASSERT_TRUE(comes_true([this] { return !client::can_connect(port_); })) << "it goes on listening";
}

}  // namespace http_test
