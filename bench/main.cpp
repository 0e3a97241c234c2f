// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// chime-bench: measures chime beside its rivals. docs/benchmarks.md tells what its rows mean.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <stdexcept>

#include "command_line/command_line.hpp"
#include "harness/bars.hpp"
#include "harness/job.hpp"
#include "harness/json.hpp"
#include "harness/machine.hpp"
#include "harness/output.hpp"
#include "harness/sample.hpp"
#include "harness/schedule.hpp"
#include "harness/select.hpp"
#include "harness/table.hpp"

namespace chime::bench {
namespace {

constexpr int default_runs = 15;
constexpr int quick_runs = 3;

struct command {
  bool quick = false;
  std::string case_glob = "*";
  std::string subject_glob = "*";
  int runs = 0;  // 0: the default
  std::string json_file;
  std::string html_file;
  int sample = -1;  // hidden: run this job here
  std::vector<int> processors;
};

job_list all_jobs() {
  job_list jobs;
  add_limit_cases(jobs);
  add_pool_cases(jobs);
  add_signal_cases(jobs);
  add_blocking_cases(jobs);
  add_timer_cases(jobs);
  add_memory_cases(jobs);
  return jobs;
}

void add_options(CLI::App& app, command& into) {
  app.add_flag("--quick", into.quick, "All cases in less than 90 s, with less work and fewer runs");
  app.add_option("--case", into.case_glob, "Only cases that match, such as 'pool/*'")->type_name("GLOB");
  app.add_option("--subject", into.subject_glob, "Only subjects that match, such as 'chime*'")->type_name("GLOB");
  app.add_option("--runs", into.runs,
                 fmt::format("Samples of each subject (default: {}, quick: at most {})", default_runs, quick_runs))
      ->type_name("N")
      ->check(CLI::Range(1, 10'000));
  app.add_option("--json", into.json_file, "Write everything that was found into this file")->type_name("FILE");
  app.add_option("--html", into.html_file, "Write a page with plots into this file")->type_name("FILE");
  app.add_option(sample_option, into.sample)->group("")->check(CLI::NonNegativeNumber);
  app.add_option(processors_option, into.processors)->group("")->expected(2);
}

int run_sample(const job_list& jobs, const command& given) {
  const sampling how = {
      .quick = given.quick, .first_cpu = given.processors.at(0), .second_cpu = given.processors.at(1)};
  const sample taken = take_sample(jobs.at(static_cast<std::size_t>(given.sample)), how);
  fmt::print("{}\n", to_json(taken));
  return 0;
}

schedule_options options_of(const command& given) {
  const std::vector<int> usable = usable_processors();
  if (usable.size() < 2) throw std::runtime_error("two processors are needed, and only one may be used");
  const int runs = given.runs > 0 ? given.runs : given.quick ? quick_runs : default_runs;
  return {.runs = runs, .quick = given.quick, .first_cpu = usable[0], .second_cpu = usable[1]};
}

// The bars of what was asked for; those of the other cases say nothing here.
std::vector<verdict> judge_chosen(const job_list& jobs, const std::vector<std::size_t>& chosen, const results& found) {
  std::vector<verdict> verdicts;
  for (const bar& each : bar_table()) {
    const std::string case_name = each.case_name.substr(0, each.case_name.find(':'));
    const bool asked = std::ranges::any_of(chosen, [&](std::size_t i) {
      return jobs[i].case_name == case_name && std::ranges::count(jobs[i].subjects, each.subject) > 0;
    });
    if (asked) std::ranges::move(judge(each, found), std::back_inserter(verdicts));
  }
  return verdicts;
}

int run_all(const job_list& jobs, const std::vector<std::size_t>& chosen, const command& given) {
  const outputs into(given.json_file, given.html_file);
  const suite_outcome outcome = run_suite(jobs, chosen, options_of(given));
  const std::vector<verdict> verdicts = judge_chosen(jobs, chosen, outcome.measured);
  const machine about = this_machine();
  fmt::print("{}", to_text(outcome, verdicts, about));
  into.write(to_json(outcome, verdicts, about, given.quick));
  return std::ranges::all_of(outcome.failures, &failed_sample::recovered) ? 0 : programs::exit_failure;
}

int run(int count, char** words) {
  CLI::App app("Measures chime beside its rivals, all in one run.", "chime-bench");
  command given;
  add_options(app, given);
  if (const auto ends = programs::parse(app, count, words)) return *ends;

  const job_list jobs = all_jobs();
  if (given.sample >= 0) return run_sample(jobs, given);
  const std::vector<std::size_t> chosen = select(jobs, given.case_glob, given.subject_glob);
  if (chosen.empty()) {
    fmt::print(stderr, "chime-bench: no case \"{}\" with a subject \"{}\"; the cases are:\n", given.case_glob,
               given.subject_glob);
    std::string last;
    for (const job& each : jobs) {
      if (each.case_name != last) fmt::print(stderr, "  {}\n", each.case_name);
      last = each.case_name;
    }
    return programs::exit_bad_usage;
  }
  return run_all(jobs, chosen, given);
}

}  // namespace
}  // namespace chime::bench

int main(int count, char** words) try { return chime::bench::run(count, words); } catch (const std::exception& error) {
  fmt::print(stderr, "chime-bench: {}\n", error.what());
  return chime::programs::exit_failure;
}
