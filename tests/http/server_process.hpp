// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The server as a process of its own, started as a user starts it, with a gate before its workers.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace http_test {

/// How the server's workers tell that they are done.
struct way {
  std::string name;     ///< of the test
  std::string kind;     ///< chime or post
  std::string backend;  ///< of chime
  friend void PrintTo(const way& w, std::ostream* out) { *out << w.name; }
};

/// A named pipe from which each job reads a byte before it begins: so tests know what is under way.
class gate {
 public:
  gate();
  gate(const gate&) = delete;
  gate& operator=(const gate&) = delete;
  ~gate();
  [[nodiscard]] std::string path() const { return directory_ / "gate"; }
  void let_through(std::size_t jobs) const;

 private:
  std::filesystem::path directory_;
  int descriptor_ = -1;
};

class server_process {
 public:
  /// Returns when it listens. Throws std::runtime_error if it does not.
  explicit server_process(const way& how, std::vector<std::string> arguments = {});
  server_process(const server_process&) = delete;
  server_process& operator=(const server_process&) = delete;
  /// Kills it, if it has not ended.
  ~server_process();

  [[nodiscard]] std::uint16_t port() const { return port_; }
  void send(int signal) const;
  /// Waits for its end. Its exit code, or 128 + the signal that ended it.
  [[nodiscard]] int wait();
  /// What it has written to stderr.
  [[nodiscard]] std::string told() const;

  /// A number of GET /status.
  [[nodiscard]] std::size_t status(const std::string& what) const;
  /// Waits until it has this value; fails the test if it never has.
  void await(const std::string& what, std::size_t value) const;
  /// Waits until nobody listens any more.
  void await_refusal() const;

 private:
  pid_t process_ = -1;
  std::uint16_t port_ = 0;
  int err_ = -1;
};

}  // namespace http_test
