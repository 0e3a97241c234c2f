// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "trace.hpp"

#include <unistd.h>

#include <chime/proactor.hpp>
#include <cstdio>
#include <fstream>
#include <map>
#include <stdexcept>

#include "command.hpp"

namespace faults {
namespace {

/// The file that strace writes, gone at the end of scope.
class log_file {
 public:
  log_file() {
    const int descriptor = ::mkstemp(path_.data());
    if (descriptor < 0) throw std::runtime_error("no temporary file can be made");
    ::close(descriptor);
  }
  log_file(const log_file&) = delete;
  log_file& operator=(const log_file&) = delete;
  ~log_file() { (void)std::remove(path_.c_str()); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/chime-faults-XXXXXX";
};

constexpr std::string_view marker = "access(\"chime:";

/// Reads the lines of one log.
class reader {
 public:
  explicit reader(driven& into) : into_(into) {}

  void line(const std::string& text) {
    const auto blank = text.find(' ');
    const std::string thread = text.substr(0, blank);
    const auto start = text.find_first_not_of(' ', blank);
    if (start == std::string::npos) return;
    if (main_.empty()) main_ = thread;
    const std::string rest = text.substr(start);
    if (thread != main_) return other(rest);
    if (rest.starts_with(marker)) {
      enter(rest.substr(marker.size(), rest.find('"', marker.size()) - marker.size()));
    } else if (!rest.starts_with("<...")) {
      begin(rest);
    }
    if (rest.ends_with("(INJECTED)") && current_ != nullptr) current_->injected = true;
  }

 private:
  static std::string name_in(const std::string& text) { return text.substr(0, text.find('(')); }
  [[nodiscard]] bool inside() const { return !site_.empty(); }

  void enter(const std::string& site) {
    site_ = site == "end" ? "" : site;
    current_ = nullptr;
  }
  void begin(const std::string& text) {
    if (text.find('(') == std::string::npos || text.starts_with("+++") || text.starts_with("---")) return;
    const std::string name = name_in(text);
    const unsigned number = ++numbers_[name];
    current_ = nullptr;
    if (!inside()) return;
    into_.calls.push_back({name, site_, text, number, ++in_site_[site_ + name], false});
    current_ = &into_.calls.back();
  }
  void other(const std::string& text) {
    if (inside() && !text.starts_with("<...") && !text.starts_with("+++") && !text.starts_with("---"))
      into_.elsewhere.push_back(name_in(text));
  }

  driven& into_;
  std::string main_;
  std::string site_;
  std::map<std::string, unsigned> numbers_;
  std::map<std::string, unsigned> in_site_;
  traced_call* current_ = nullptr;
};

driven result_of(const tools_test::outcome& o) {
  driven d;
  d.exit_code = o.exit_code;
  d.said = nlohmann::json::parse(o.out, nullptr, false);
  if (d.said.is_discarded()) d.said = nullptr;
  d.errors = o.err;
  return d;
}

}  // namespace

std::string why_no_strace() {
  const auto tried = tools_test::run({"strace", "--seccomp-bpf", "-f", "-o", "/dev/null", "true"});
  return tried.exit_code == 0 ? std::string{} : "strace cannot trace here: " + tried.err;
}

std::string why_not_on(const std::string& backend) {
  const std::string wanted = backend == "auto" ? "io_uring" : backend.substr(0, backend.find(':'));
  for (const chime::backend_report& report : chime::probe_backends()) {
    if (report.name == wanted && !report.usable) return wanted + " cannot run here: " + report.detail.data();
  }
  return {};
}

driven drive(const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {CHIME_FAULT_DRIVER};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return result_of(tools_test::run(words));
}

driven drive_traced(const std::vector<std::string>& arguments, const std::string& calls, const std::string& inject) {
  const log_file log;
  std::vector<std::string> words = {"strace", "--seccomp-bpf", "-f", "-qq", "-e", "signal=none", "-o", log.path()};
  if (calls != "all") words.insert(words.end(), {"-e", "trace=access," + calls});
  if (!inject.empty()) words.insert(words.end(), {"-e", "inject=" + calls + ":" + inject});
  words.push_back(CHIME_FAULT_DRIVER);
  words.insert(words.end(), arguments.begin(), arguments.end());
  driven d = result_of(tools_test::run(words));
  reader r(d);
  std::ifstream in(log.path());
  for (std::string line; std::getline(in, line);) r.line(line);
  return d;
}

std::vector<std::string> on_backend(const std::string& backend) {
  return {"--backend", backend == "auto" ? std::string{} : backend};
}

}  // namespace faults
