// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "harness/results.hpp"

#include <algorithm>

namespace chime::bench {

namespace {

// Fewer pairs than that say less than the medians of all.
constexpr std::size_t enough_pairs = 3;

std::vector<double> values_of(const series& from) {
  std::vector<double> values;
  for (const point& one : from.points) values.push_back(one.value);
  return values;
}

std::vector<double> paired_quotients(const series& subject, const series& rival) {
  std::vector<double> quotients;
  for (const point& ours : subject.points) {
    const auto theirs = std::ranges::find(rival.points, ours.round, &point::round);
    if (theirs != rival.points.end() && theirs->value != 0) quotients.push_back(ours.value / theirs->value);
  }
  return quotients;
}

}  // namespace

void results::add(const job& what, int round, const sample& taken) {
  for (const figure& one : taken.figures) {
    const std::string name = one.metric.empty() ? what.case_name : what.case_name + ":" + one.metric;
    series& into = all_[{name, one.subject, taken.before()}];
    into.unit = one.unit.empty() ? what.unit : one.unit;
    into.points.push_back({round, one.value, (taken.before_ns + taken.after_ns) / 2});
  }
}

const series* results::find(const series_key& key) const {
  const auto found = all_.find(key);
  return found == all_.end() ? nullptr : &found->second;
}

std::optional<summary> results::row(const series_key& key) const {
  const series* const found = find(key);
  if (found == nullptr) return std::nullopt;
  return summarise(values_of(*found));
}

std::optional<ratio> results::compare(const series_key& subject, const series_key& rival) const {
  const series* const ours = find(subject);
  const series* const theirs = find(rival);
  if (ours == nullptr || theirs == nullptr) return std::nullopt;
  const std::vector<double> quotients = paired_quotients(*ours, *theirs);
  const bool all_paired = quotients.size() == std::min(ours->points.size(), theirs->points.size());
  if (!quotients.empty() && (all_paired || quotients.size() >= enough_pairs)) {
    return ratio{.quotient = summarise(quotients), .paired = true};
  }
  const summary above = summarise(values_of(*ours));
  const summary below = summarise(values_of(*theirs));
  if (below.low <= 0) return std::nullopt;
  return ratio{.quotient = {.median = above.median / below.median,
                            .low = above.low / below.high,
                            .high = above.high / below.low,
                            .count = std::min(above.count, below.count)},
               .paired = false};
}

bool more_is_better(const std::string& unit) { return unit.ends_with("/s"); }

bool is_chime(const std::string& subject) {
  return subject == "chime" || subject == "chime-cache" || subject == "chime-native";
}

std::vector<rivalry> rivalries(const results& from) {
  std::vector<rivalry> found;
  for (const auto& [key, figures] : from.all()) {
    if (!is_chime(key.subject)) continue;
    // Keys are sorted by case first, so this looks at each subject of the same case.
    for (auto other = from.all().lower_bound({key.case_name, "", placement::one});
         other != from.all().end() && other->first.case_name == key.case_name; ++other) {
      if (is_chime(other->first.subject) || other->first.place != key.place) continue;
      if (const auto quotient = from.compare(key, other->first)) {
        found.push_back({key, other->first.subject, figures.unit, *quotient});
      }
    }
  }
  return found;
}

}  // namespace chime::bench
