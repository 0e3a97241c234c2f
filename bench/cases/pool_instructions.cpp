// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// pool/cycle, counted: instructions and locked ones for an acquire and a release. The sample has itself run under
// callgrind by a script, which sets a variable that makes the sample run that many cycles and nothing else.
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "cases/pool_cases.hpp"
#include "cases/pool_use.hpp"
#include "harness/child.hpp"
#include "rivals/pool/chime.hpp"
#include "rivals/pool/seed.hpp"

namespace chime::bench {

namespace {

constexpr const char* cycles_variable = "CHIME_BENCH_CYCLES";
constexpr const char* python = "/usr/bin/python3";

std::string script() {
  return (std::filesystem::path(__FILE__).parent_path().parent_path() / "report" / "count_instructions.py").string();
}

std::optional<int> cycles_to_run() {
  const char* const text = std::getenv(cycles_variable);
  if (text == nullptr) return std::nullopt;
  const std::string_view digits = text;
  int cycles = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), cycles);
  if (error != std::errc() || end != digits.end()) throw std::runtime_error(std::string(cycles_variable) + ": " + text);
  return cycles;
}

// How this process was started: its program, then its arguments.
std::vector<std::string> own_command() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  if (words.empty()) throw std::runtime_error("cannot read /proc/self/cmdline");
  words[0] = std::filesystem::read_symlink("/proc/self/exe").string();
  return words;
}

std::vector<figure> count(const char* subject) {
  std::vector<std::string> words = {script(), cycles_variable};
  std::ranges::move(own_command(), std::back_inserter(words));
  const child_outcome outcome = run_child(python, words, std::chrono::seconds(120));
  if (!outcome.failure.empty()) {
    throw std::runtime_error(script() + ": " + outcome.failure + ": " + outcome.errors);
  }
  const auto counted = nlohmann::json::parse(outcome.printed);
  return {{subject, "instructions", counted.at("instructions")}, {subject, "locked", counted.at("locked")}};
}

template <class Pool>
struct pool_instructions {
  static std::vector<figure> sample(const sampling&) {
    const std::optional<int> cycles = cycles_to_run();
    if (!cycles) return count(Pool::name);
    become_multithreaded();
    Pool pool(256);
    typename Pool::user user(pool);
    cycle(user, *cycles);
    return {{Pool::name, "cycles", static_cast<double>(*cycles)}};
  }
};

}  // namespace

void add_pool_instructions(job_list& jobs) {
  add_jobs<pool_instructions, chime_cache_pool, chime_shared_pool, seed_pool>(
      jobs, {.name = "pool/cycle", .unit = "instructions", .cpus = span::one_cpu, .once = true});
}

}  // namespace chime::bench
