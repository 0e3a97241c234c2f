// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "harness/sample.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "harness/thread.hpp"

namespace chime::bench {

namespace {

placement tag(double round_trip_ns) { return round_trip_ns == 0 ? placement::one : classify(round_trip_ns); }

}  // namespace

placement sample::before() const { return tag(before_ns); }
placement sample::after() const { return tag(after_ns); }

sample take_sample(const job& what, const sampling& how) {
  const bool two = what.cpus == span::two_cpus;
  sample taken;
  pin_to(how.first_cpu);
  if (two) taken.before_ns = line_round_trip_ns(how.second_cpu);
  taken.figures = what.sample(how);
  if (two) {
    pin_to(how.first_cpu);  // the job may have moved
    taken.after_ns = line_round_trip_ns(how.second_cpu);
  }
  return taken;
}

std::string to_json(const sample& taken) {
  nlohmann::json figures = nlohmann::json::array();
  for (const figure& one : taken.figures) {
    figures.push_back({{"subject", one.subject}, {"metric", one.metric}, {"value", one.value}, {"unit", one.unit}});
  }
  return nlohmann::json{{"figures", figures}, {"before_ns", taken.before_ns}, {"after_ns", taken.after_ns}}.dump();
}

sample sample_from_json(const std::string& text) try {
  const nlohmann::json read = nlohmann::json::parse(text);
  sample taken;
  taken.before_ns = read.at("before_ns");
  taken.after_ns = read.at("after_ns");
  for (const nlohmann::json& one : read.at("figures")) {
    // A figure that is no number (NaN is written as null) makes this throw, too: it must not become a row.
    taken.figures.push_back(
        {.subject = one.at("subject"), .metric = one.at("metric"), .value = one.at("value"), .unit = one.at("unit")});
  }
  if (taken.figures.empty()) throw std::runtime_error("the sample has no figures");
  return taken;
} catch (const nlohmann::json::exception& error) {
  throw std::runtime_error(std::string("what the sample printed is no sample: ") + error.what());
}

}  // namespace chime::bench
