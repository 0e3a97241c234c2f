// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "harness/json.hpp"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace chime::bench {

namespace {

using json = nlohmann::ordered_json;

json machine_json(const machine& about) {
  return {{"cpu", about.processor}, {"cores", about.processors}, {"memory_gib", about.memory_gib}};
}

json named(const series_key& key) {
  return {{"case", key.case_name}, {"subject", key.subject}, {"placement", name_of(key.place)}};
}

void put(json& into, const summary& found) {
  into["median"] = found.median;
  into["low"] = found.low;
  into["high"] = found.high;
  into["runs"] = found.count;
}

json rows_json(const results& measured) {
  json rows = json::array();
  for (const auto& [key, figures] : measured.all()) {
    json row = named(key);
    row["unit"] = figures.unit;
    put(row, *measured.row(key));
    rows.push_back(row);
  }
  return rows;
}

json samples_json(const results& measured) {
  json all = json::array();
  for (const auto& [key, figures] : measured.all()) {
    json one = named(key);
    for (const point& each : figures.points) {
      one["samples"].push_back(
          {{"round", each.round}, {"value", each.value}, {"line_round_trip_ns", each.round_trip_ns}});
    }
    all.push_back(one);
  }
  return all;
}

json ratios_json(const results& measured) {
  json ratios = json::array();
  for (const rivalry& one : rivalries(measured)) {
    json ratio = named(one.subject);
    ratio["rival"] = one.rival;
    put(ratio, one.found.quotient);
    ratio["more_is_better"] = more_is_better(one.unit);
    ratio["paired"] = one.found.paired;
    ratios.push_back(ratio);
  }
  return ratios;
}

json bar_json(const verdict& said) {
  json bar = {{"case", said.about->case_name}, {"bar", text_of(*said.about)}};
  bar["value"] = said.value ? json(*said.value) : json();
  bar["placement"] = said.place ? json(name_of(*said.place)) : json();
  bar["met"] = said.met;
  bar["limit"] = said.place ? json(limit_of(*said.about, *said.place)) : json();
  bar["compared_with"] = said.compared_with;
  bar["rounds"] = said.rounds;
  return bar;
}

}  // namespace

std::string to_json(const suite_outcome& outcome, const std::vector<verdict>& verdicts, const machine& about,
                    bool quick) {
  json bars = json::array();
  for (const verdict& said : verdicts) bars.push_back(bar_json(said));
  json failures = json::array();
  for (const failed_sample& failed : outcome.failures) {
    failures.push_back({{"case", failed.case_name},
                        {"subjects", failed.subjects},
                        {"what", failed.what},
                        {"recovered", failed.recovered}});
  }
  const json everything = {{"machine", machine_json(about)},
                           {"kernel", about.kernel},
                           {"compiler", about.compiler},
                           {"flags", about.flags},
                           {"commit", about.commit},
                           {"date", about.date},
                           {"quick", quick},
                           {"bars", bars},
                           {"rows", rows_json(outcome.measured)},
                           {"ratios", ratios_json(outcome.measured)},
                           {"failures", failures},
                           {"discarded_samples", outcome.discarded},
                           {"samples", samples_json(outcome.measured)}};
  // What a child wrote on stderr may be no UTF-8.
  return everything.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace chime::bench
