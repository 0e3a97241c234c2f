// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "explorer/explorer.hpp"

#include <algorithm>
#include <ctime>

namespace chime::explore {
namespace {

// Other processes do not count, and a search is alone on its thread.
double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

class searcher {
 public:
  searcher(const options& how, task body)
      : how_(how), body_(body), execution_(choices_, how.history_depth, std::min(how.max_steps, 60'000U)) {}

  outcome run() {
    if (!how_.replay.empty()) {
      replay();
    } else if (how_.method == search::random) {
      search_at_random();
    } else {
      search_by_bounds();
    }
    result_.seconds = processor_seconds() - start_;
    return result_;
  }

 private:
  void replay() {
    bounds limits;
    if (choices_.begin_replay(how_.replay, limits)) {
      execute(limits);
    } else {
      result_.failed = true;
      result_.message = "not a trace: " + how_.replay;
    }
  }

  void search_at_random() {
    const bounds limits{how_.preemptions, how_.stale_reads, how_.time_outs};
    while (!is_over()) {
      choices_.begin_random(how_.seed + result_.executions);
      if (!execute(limits)) return;
    }
  }

  // Few preemptions first, so that the first failure found is an easy one to read. When no execution of a level wanted
  // one preemption more, further levels have nothing new.
  void search_by_bounds() {
    for (unsigned preemptions = 0; preemptions <= how_.preemptions; ++preemptions) {
      const bounds limits{preemptions, how_.stale_reads, how_.time_outs};
      bool cut = false;
      choices_.begin_search();
      do {
        if (is_over() || !execute(limits)) return;
        cut = cut || execution_.cut();
      } while (choices_.next_in_search());
      result_.full_preemptions = static_cast<int>(cut ? preemptions : how_.preemptions);
      if (!cut) break;
    }
    result_.complete = true;
  }

  bool is_over() const {
    if (result_.executions == how_.max_executions) return true;
    // The clock costs as much as an execution, so it is read now and then.
    constexpr std::uint64_t now_and_then = 256;
    return how_.max_seconds > 0 && result_.executions % now_and_then == 0 &&
           processor_seconds() - start_ > how_.max_seconds;
  }

  // False if it failed. A failure is run once more, with its story.
  bool execute(const bounds& limits) {
    ++result_.executions;
    execution_.run(body_, limits, false);
    if (execution_.message().empty()) return true;
    result_.failed = true;
    result_.message = execution_.message();
    result_.trace = choices_.trace(limits);
    bounds same;
    if (choices_.begin_replay(result_.trace, same)) execution_.run(body_, same, true);
    result_.story = execution_.story();
    return false;
  }

  const options& how_;
  const task body_;
  choices choices_;
  execution execution_;
  outcome result_;
  const double start_ = processor_seconds();
};

}  // namespace

outcome detail::search_all(const options& how, task body) { return searcher(how, body).run(); }

std::string outcome::report() const {
  std::string text = failed ? message + "\ntrace: " + trace + "\n" + story : complete ? "complete" : "nothing found";
  return text + "\n" + std::to_string(executions) + " executions in " + std::to_string(seconds) + " s";
}

}  // namespace chime::explore
