// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "harness/table.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace chime::bench {

namespace {

// Three digits are what these figures are worth.
std::string number(double value) {
  const double size = std::abs(value);
  if (size == 0) return "0";
  if (size >= 100) return fmt::format("{:.0f}", value);
  return size >= 10    ? fmt::format("{:.1f}", value)
         : size >= 0.1 ? fmt::format("{:.2f}", value)
                       : fmt::format("{:.2g}", value);
}

void add_rows(std::string& text, const results& measured) {
  auto out = std::back_inserter(text);
  fmt::format_to(out, "\n{:<32} {:<16} {:<9} {:>10} {:>10} {:>10}  {:<12} {:>4}\n", "case", "subject", "placement",
                 "median", "low", "high", "unit", "runs");
  for (const auto& [key, figures] : measured.all()) {
    const summary row = *measured.row(key);
    fmt::format_to(out, "{:<32} {:<16} {:<9} {:>10} {:>10} {:>10}  {:<12} {:>4}\n", key.case_name, key.subject,
                   name_of(key.place), number(row.median), number(row.low), number(row.high), figures.unit, row.count);
  }
}

void add_ratios(std::string& text, const results& measured) {
  const std::vector<rivalry> found = rivalries(measured);
  if (found.empty()) return;
  auto out = std::back_inserter(text);
  fmt::format_to(out, "\n{:<32} {:<13} {:<16} {:<9} {:>8} {:>8} {:>8}  {:>5}\n", "times better", "subject", "than",
                 "placement", "median", "low", "high", "pairs");
  for (const rivalry& one : found) {
    const summary& quotient = one.found.quotient;
    const bool more = more_is_better(one.unit);
    const auto better = [&](double value) { return number(more ? value : 1 / value); };
    fmt::format_to(out, "{:<32} {:<13} {:<16} {:<9} {:>8} {:>8} {:>8}  {:>5}\n", one.subject.case_name,
                   one.subject.subject, one.rival, name_of(one.subject.place), better(quotient.median),
                   better(more ? quotient.low : quotient.high), better(more ? quotient.high : quotient.low),
                   one.found.paired ? std::to_string(quotient.count) : "-");
  }
}

void add_bars(std::string& text, const std::vector<verdict>& verdicts) {
  if (verdicts.empty()) return;
  auto out = std::back_inserter(text);
  fmt::format_to(out, "\n{:<12} {:<32} {:<9} {:>9} {:>8}  {}\n", "bar", "case", "placement", "value", "limit", "what");
  for (const verdict& said : verdicts) {
    const char* const word = !said.place ? "not measured" : said.met ? "met" : "NOT MET";
    fmt::format_to(
        out, "{:<12} {:<32} {:<9} {:>9} {:>8}  {}{}\n", word, said.about->case_name,
        said.place ? name_of(*said.place) : "-", said.value ? number(*said.value) : "-",
        said.place ? number(limit_of(*said.about, *said.place)) : "-", text_of(*said.about),
        said.about->comparisons.size() > 1 && said.place ? fmt::format(" (it is {})", said.compared_with) : "");
  }
  const auto met = std::ranges::count_if(verdicts, &verdict::met);
  fmt::format_to(out, "\n{} of {} bars met\n", met, verdicts.size());
}

}  // namespace

std::string to_text(const suite_outcome& outcome, const std::vector<verdict>& verdicts, const machine& about) {
  std::string text =
      fmt::format("{}, {} processors, {:.1f} GiB; {}; {}, {}; commit {}; {}\n", about.processor, about.processors,
                  about.memory_gib, about.kernel, about.compiler, about.flags, about.commit, about.date);
  add_rows(text, outcome.measured);
  add_ratios(text, outcome.measured);
  add_bars(text, verdicts);
  if (outcome.discarded > 0) {
    text += fmt::format("{} samples discarded: the processors moved meanwhile\n", outcome.discarded);
  }
  for (const failed_sample& failed : outcome.failures) {
    text += fmt::format("{} {} {}: {}\n", failed.recovered ? "failed, then succeeded:" : "FAILED", failed.case_name,
                        failed.subjects, failed.what);
  }
  return text;
}

}  // namespace chime::bench
