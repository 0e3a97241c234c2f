// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "harness/bars.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace chime::bench {

namespace {

const std::string& comparison_case(const bar& what) {
  return what.comparison_case.empty() ? what.case_name : what.comparison_case;
}

// The comparison that did best here, by its median.
std::optional<series_key> best_comparison(const bar& what, const results& from, placement place, bool more) {
  std::optional<series_key> best;
  double best_median = 0;
  for (const std::string& name : what.comparisons) {
    const series_key key = {comparison_case(what), name, place};
    const auto row = from.row(key);
    if (!row) continue;
    if (!best || (more ? row->median > best_median : row->median < best_median)) {
      best = key;
      best_median = row->median;
    }
  }
  return best;
}

verdict judge_alone(const bar& what, placement place, const summary& row) {
  const double limit = limit_of(what, place);
  bool met = false;
  if (what.how == measure::at_most) met = row.median <= limit + what.slack;
  if (what.how == measure::at_least) met = row.median >= limit - what.slack;
  if (what.how == measure::about) met = std::abs(row.median - limit) <= what.slack;
  return {.about = &what, .place = place, .value = row.median, .compared_with = {}, .rounds = row.count, .met = met};
}

// A rate's quotient tells how many times better we are, a cost's how many times worse.
verdict judge_against(const bar& what, placement place, const ratio& found, bool more, const std::string& rival) {
  const double limit = limit_of(what, place);
  const summary& quotient = found.quotient;
  verdict said = {
      .about = &what, .place = place, .value = {}, .compared_with = rival, .rounds = quotient.count, .met = false};
  if (what.how == measure::times_better) {
    said.value = more ? quotient.median : 1 / quotient.median;
    said.met = *said.value >= limit;
    return said;
  }
  said.value = more ? 1 / quotient.median : quotient.median;
  const double lower_quartile = more ? 1 / quotient.high : quotient.low;
  said.met = (what.how == measure::no_worse ? lower_quartile : *said.value) <= limit;
  return said;
}

std::optional<verdict> judge_in(const bar& what, const results& from, placement place) {
  const series_key key = {what.case_name, what.subject, place};
  const series* const ours = from.find(key);
  if (ours == nullptr) return std::nullopt;
  if (what.comparisons.empty()) return judge_alone(what, place, *from.row(key));
  const bool more = more_is_better(ours->unit);
  const auto best = best_comparison(what, from, place, more);
  if (!best) return std::nullopt;
  const auto found = from.compare(key, *best);
  // Nothing can be divided by a best that is nothing. If that is a cost, only nothing is as good; a rate was not measured.
  if (!found) {
    const bool met = !more && from.row(key)->median == 0;
    return verdict{.about = &what, .place = place, .value = {}, .compared_with = best->subject, .met = met};
  }
  return judge_against(what, place, *found, more, best->subject);
}

}  // namespace

double limit_of(const bar& what, placement place) { return what.limits[static_cast<std::size_t>(place)]; }

std::string text_of(const bar& what) {
  const auto& [one, siblings, near, far] = what.limits;
  const std::string limit =
      siblings == near && near == far ? fmt::format("{}", siblings) : fmt::format("{}/{}/{}", siblings, near, far);
  std::string rival = what.comparisons.size() == 1 ? what.comparisons.front()
                                                   : fmt::format("the best of {}", fmt::join(what.comparisons, ", "));
  if (!what.comparison_case.empty()) rival = fmt::format("{} of {}", what.comparison_case, rival);
  switch (what.how) {
    case measure::times_better:
      return fmt::format("{}: at least {} times as good as {}", what.subject, limit, rival);
    case measure::times_cost:
      return fmt::format("{}: at most {} times {}", what.subject, limit, rival);
    case measure::no_worse:
      return fmt::format("{}: at most {} times {}, but for noise: the quartile of the rounds counts", what.subject,
                         limit, rival);
    case measure::at_most:
      return fmt::format("{}: at most {}", what.subject, limit);
    case measure::at_least:
      return fmt::format("{}: at least {}", what.subject, limit);
    case measure::about:
      return fmt::format("{}: {} (within {})", what.subject, limit, what.slack);
  }
  return {};
}

std::vector<verdict> judge(const bar& what, const results& from) {
  std::vector<verdict> said;
  for (const placement place : all_placements) {
    if (auto found = judge_in(what, from, place)) said.push_back(std::move(*found));
  }
  if (said.empty()) said.push_back({.about = &what, .place = {}, .value = {}, .compared_with = {}});
  return said;
}

}  // namespace chime::bench
