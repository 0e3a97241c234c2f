// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "harness/output.hpp"

#include <fmt/core.h>

#include <unistd.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "harness/child.hpp"

namespace chime::bench {

namespace {

// Debian's own, which has Debian's matplotlib.
constexpr const char* python = "/usr/bin/python3";
constexpr const char* page_script = CHIME_BENCH_REPORT "/page.py";
constexpr std::chrono::seconds page_time_limit{120};

void check_writable(const std::string& file) {
  // Appending nothing leaves an old result as it is.
  if (!std::ofstream(file, std::ios::app)) {
    throw std::system_error(errno, std::generic_category(), fmt::format("cannot write {}", file));
  }
}

void write_file(const std::string& file, const std::string& text) {
  std::ofstream into(file, std::ios::binary | std::ios::trunc);
  into << text << std::flush;
  if (!into) throw std::system_error(errno, std::generic_category(), fmt::format("cannot write {}", file));
}

void run_page_script(const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {"-B", page_script};  // leaves no compiled files among the sources
  words.insert(words.end(), arguments.begin(), arguments.end());
  const child_outcome script = run_child(python, words, page_time_limit);
  if (!script.failure.empty()) {
    throw std::runtime_error(fmt::format("{} {}: {}\n{}", python, page_script, script.failure, script.errors));
  }
}

class temporary_file {
 public:
  temporary_file() : name_(std::filesystem::temp_directory_path() / "chime-bench-XXXXXX") {
    const int made = mkstemp(name_.data());
    if (made < 0) throw std::system_error(errno, std::generic_category(), "cannot make a temporary file");
    ::close(made);
  }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file() { std::remove(name_.c_str()); }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
};

}  // namespace

outputs::outputs(std::string json_file, std::string html_file)
    : json_file_(std::move(json_file)), html_file_(std::move(html_file)) {
  if (!json_file_.empty()) check_writable(json_file_);
  if (html_file_.empty()) return;
  check_writable(html_file_);
  run_page_script({"--check"});
}

void outputs::write(const std::string& json) const {
  if (!json_file_.empty()) write_file(json_file_, json);
  if (html_file_.empty()) return;
  const temporary_file input;
  write_file(input.name(), json);
  run_page_script({"--html", html_file_, input.name()});
}

}  // namespace chime::bench
