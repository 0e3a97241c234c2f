// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "matrix.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace faults {
namespace {

[[nodiscard]] std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

[[nodiscard]] std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  for (;;) {
    const auto end = text.find(at);
    parts.push_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

[[nodiscard]] bool has(const std::vector<std::string>& list, std::string_view wanted) {
  return list.front() == "*" || std::ranges::find(list, wanted) != list.end();
}

void require(bool holds, int line, const char* what) {
  if (!holds) throw std::runtime_error("matrix.txt:" + std::to_string(line) + ": " + what);
}

[[nodiscard]] call read_heading(const std::string& text, int line) {
  const auto end = text.find(']');
  require(end != std::string::npos, line, "no ] after the call's name");
  const auto fields = split(std::string_view(text).substr(end + 1), '|');
  require(fields.size() == 2 && !fields[0].empty() && !fields[1].empty(), line, "expected: [call] manual | what for");
  return {text.substr(1, end - 1), fields[0], {}};
}

[[nodiscard]] row read_row(const std::string& text, int line) {
  const auto fields = split(text, '|');
  require(fields.size() == 8, line, "a row has eight fields");
  require(std::ranges::none_of(fields, &std::string::empty), line, "a field is empty");
  row r{split(fields[0], ' '),
        fields[1],
        split(fields[2], ','),
        split(fields[3], ','),
        fields[4],
        fields[5],
        fields[6],
        fields[7],
        line};
  const char* const kinds[] = {"retried", "reported", "impossible"};
  require(std::ranges::find(kinds, r.kind) != std::end(kinds), line, "the class is retried, reported or impossible");
  const char* const ways[] = {"strace", "once", "twice", "many", "scenario", "limit", "refusal", "fullness", "-"};
  require(std::ranges::find(ways, r.injected_by) != std::end(ways), line, "no such way to inject");
  require((r.kind == "impossible") == (r.injected_by == "-"), line, "what is possible is injected, what is not is not");
  require(r.reported_as == "-" || r.kind == "reported", line, "only what is reported has a name for it");
  return r;
}

}  // namespace

bool row::holds_on(std::string_view backend) const { return has(backends, backend); }
bool row::holds_in(std::string_view site) const { return has(sites, site); }

unsigned row::times() const {
  if (injected_by == "once") return 1;
  if (injected_by == "twice") return 2;
  if (injected_by == "strace") return 3;
  return injected_by == "many" ? 40 : 0;
}

std::vector<call> read_matrix(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot read " + path);
  std::vector<call> calls;
  int line = 0;
  for (std::string text; std::getline(in, text);) {
    ++line;
    if (text.empty() || text[0] == '#') continue;
    if (text[0] == '[') {
      calls.push_back(read_heading(text, line));
      continue;
    }
    require(!calls.empty(), line, "a row before the first call");
    calls.back().rows.push_back(read_row(text, line));
  }
  return calls;
}

}  // namespace faults
