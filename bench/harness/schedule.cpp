// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "harness/schedule.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>

#include "harness/child.hpp"
#include "harness/progress.hpp"

namespace chime::bench {

namespace {

using clock = std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

constexpr std::chrono::seconds sample_time_limit{180};
// The whole of a quick run must end within 90 s, with its tables and its page.
constexpr seconds quick_budget{66};
// A sample during which the processors moved is repeated, but they may move for ever.
constexpr int attempts = 4;
constexpr int quick_attempts = 2;
// In one round. A case may find that the machine did not let it run; twice in a row is no accident.
constexpr std::size_t failures_allowed = 2;

class suite_run {
 public:
  suite_run(const job_list& jobs, const std::vector<std::size_t>& chosen, const schedule_options& options)
      : jobs_(jobs), chosen_(chosen), options_(options) {}

  suite_outcome run() {
    for (int round = 0; round < options_.runs; ++round) {
      for (std::size_t place = 0; place < chosen_.size(); ++place) {
        const std::size_t job = chosen_[place];
        if (!is_due(job, round)) continue;
        if (round > 0 && budget_is_spent(job)) return finish();
        progress_.say(jobs_[job].case_name, subjects_of(job), time_left(round, place));
        take(job, round);
      }
    }
    return finish();
  }

 private:
  [[nodiscard]] std::string subjects_of(std::size_t job) const {
    return fmt::format("{}", fmt::join(jobs_[job].subjects, ", "));
  }

  [[nodiscard]] bool is_due(std::size_t job, int round) const {
    return !failed_.contains(job) && (round == 0 || !jobs_[job].once);
  }

  [[nodiscard]] bool budget_is_spent(std::size_t job) const {
    return options_.quick && clock::now() - begin_ + cost_of(job) > quick_budget;
  }

  // What a sample of this job took last; before it ran, what those before it took on average.
  [[nodiscard]] seconds cost_of(std::size_t job) const {
    const auto found = cost_.find(job);
    if (found != cost_.end()) return found->second;
    const seconds passed = clock::now() - begin_;
    return cost_.empty() ? seconds(1) : passed / static_cast<double>(cost_.size());
  }

  [[nodiscard]] seconds time_left(int round, std::size_t place) const {
    seconds left{0};
    for (std::size_t i = 0; i < chosen_.size(); ++i) {
      const int rounds = jobs_[chosen_[i]].once ? 1 : options_.runs;
      const int rounds_left = rounds - round - (i < place ? 1 : 0);
      if (rounds_left > 0 && !failed_.contains(chosen_[i])) left += rounds_left * cost_of(chosen_[i]);
    }
    return options_.quick ? std::min(left, seconds(quick_budget - (clock::now() - begin_))) : left;
  }

  void take(std::size_t job, int round) {
    const auto begin = clock::now();
    const int limit = options_.quick ? quick_attempts : attempts;
    const std::size_t failures_before = outcome_.failures.size();
    for (int attempt = 0; attempt < limit; ++attempt) {
      const std::optional<sample> taken = try_sample(job);
      if (!taken) {
        if (outcome_.failures.size() - failures_before < failures_allowed) continue;
        failed_.insert(job);
        break;
      }
      for (std::size_t i = failures_before; i < outcome_.failures.size(); ++i) outcome_.failures[i].recovered = true;
      if (taken->before() == taken->after()) {
        outcome_.measured.add(jobs_[job], round, *taken);
        break;
      }
      ++outcome_.discarded;
    }
    cost_[job] = clock::now() - begin;
  }

  // Nothing if it failed, which is written down.
  std::optional<sample> try_sample(std::size_t job) try {
    return run_in_child(job);
  } catch (const std::exception& error) {
    outcome_.failures.push_back({jobs_[job].case_name, subjects_of(job), error.what()});
    progress_.complain(fmt::format("{} {}: {}", jobs_[job].case_name, subjects_of(job), error.what()));
    return std::nullopt;
  }

  [[nodiscard]] sample run_in_child(std::size_t job) const {
    std::vector<std::string> words = {sample_option, std::to_string(job), processors_option,
                                      std::to_string(options_.first_cpu), std::to_string(options_.second_cpu)};
    if (options_.quick) words.emplace_back("--quick");
    child_outcome child = run_child("/proc/self/exe", words, sample_time_limit);
    if (!child.failure.empty()) {
      if (child.errors.ends_with('\n')) child.errors.pop_back();
      throw std::runtime_error(fmt::format("{}{}{}", child.failure, child.errors.empty() ? "" : ": ", child.errors));
    }
    return sample_from_json(child.printed);
  }

  suite_outcome finish() {
    progress_.end();
    return std::move(outcome_);
  }

  const job_list& jobs_;
  const std::vector<std::size_t>& chosen_;
  const schedule_options& options_;
  const clock::time_point begin_ = clock::now();
  std::map<std::size_t, seconds> cost_;
  std::set<std::size_t> failed_;
  progress progress_;
  suite_outcome outcome_;
};

}  // namespace

suite_outcome run_suite(const job_list& jobs, const std::vector<std::size_t>& chosen, const schedule_options& options) {
  return suite_run(jobs, chosen, options).run();
}

}  // namespace chime::bench
