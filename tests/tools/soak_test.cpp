// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// `chime soak`: it accounts for every signal, tells so in both forms, and its equations notice what is missing.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "backend_test.hpp"
#include "command.hpp"
#include "soak/ledger.hpp"
#include "temporary_tree.hpp"

using chime::soak::breaches_of;
using chime::soak::ledger;
using nlohmann::json;
using tools_test::contains;
using tools_test::outcome;
using tools_test::run;

namespace {

class soak : public tools_test::on_every_backend {};

INSTANTIATE_TEST_SUITE_P(backends, soak, tools_test::every_backend, tools_test::backend_name);

json read(const std::filesystem::path& path) {
  std::ifstream file{path};
  return json::parse(file);
}

void expect_every_end_of_coroutines(const json& one) {
  const json& coroutines = one.at("coroutines");
  const auto count = [&coroutines](const char* what) { return coroutines.at(what).get<std::uint64_t>(); };
  for (const char* end : {"succeeded", "cancelled", "timed_out", "withdrawn", "consumed"})
    EXPECT_GT(count(end), 0U) << end;
  EXPECT_EQ(count("spawned"), count("ended"));
  EXPECT_EQ(count("waits"), count("succeeded") + count("cancelled") + count("timed_out") + count("withdrawn"));
}

TEST_P(soak, accounts_for_every_signal) {
  const tools_test::temporary_tree here;
  for (const char* producers : {"1", "3"}) {
    const std::string file = here / "soak.json";
    const outcome o = run({CHIME_TOOL, "soak", "--seconds", "1", "--seed", "7", "--backend", GetParam(), "--producers",
                           producers, "--json", file});
    EXPECT_EQ(o.exit_code, 0) << o.err << o.out;
    EXPECT_TRUE(contains(o.out, GetParam() + ": passed\n")) << o.out;
    EXPECT_TRUE(contains(o.err, "seed 7")) << o.err;
    EXPECT_TRUE(contains(o.err, " million signals (")) << o.err;  // progress, and the rate
    const json found = read(file);
    EXPECT_EQ(found.at("seed"), 7);
    EXPECT_EQ(found.at("passed"), true);
    const json& one = found.at("backends").at(0);
    const json& signals = one.at("signals");
    const auto count = [&signals](const char* what) { return signals.at(what).get<std::uint64_t>(); };
    EXPECT_GT(count("delivered"), 0U);
    EXPECT_GT(count("coalesced"), 0U);
    EXPECT_GT(count("stale"), 0U);
    EXPECT_EQ(count("sent"), count("delivered") + count("coalesced") + count("stale"));
    EXPECT_EQ(one.at("waits").at("submitted"), one.at("waits").at("completed"));
    expect_every_end_of_coroutines(one);
    EXPECT_EQ(one.at("memory").at("library_bytes_after"), 0);
  }
}

TEST_P(soak, accounts_for_every_signal_of_a_guest) {
  const tools_test::temporary_tree here;
  const std::string file = here / "soak.json";
  const outcome o =
      run({CHIME_TOOL, "soak", "--guest", "--seconds", "1", "--seed", "7", "--backend", GetParam(), "--json", file});
  if (GetParam() == "poll") {
    EXPECT_EQ(o.exit_code, 1) << "poll has no handle on which a host could wait";
    return;
  }
  EXPECT_EQ(o.exit_code, 0) << o.err << o.out;
  EXPECT_TRUE(contains(o.out, " as a guest: passed\n")) << o.out;
  const json one = read(file).at("backends").at(0);
  EXPECT_EQ(one.at("waits").at("submitted"), one.at("waits").at("completed"));
  expect_every_end_of_coroutines(one);
  EXPECT_GT(one.at("guest").at("wakeups"), 0);
  EXPECT_LE(one.at("guest").at("wakeups"), one.at("guest").at("turns"));
}

TEST(soak_runs, every_backend_if_none_is_named) {
  const outcome o = run({CHIME_TOOL, "soak", "--seconds", "1", "--signals", "1"});
  EXPECT_EQ(o.exit_code, 0) << o.err << o.out;
  for (const chime::backend_report& report : chime::probe_backends()) {
    EXPECT_EQ(contains(o.out, std::string{report.name} + ": passed"), report.usable) << o.out;
  }
}

TEST(soak_usage, refuses_what_makes_no_sense) {
  for (const std::vector<std::string>& wrong : {std::vector<std::string>{"--seconds", "0"},
                                                {"--producers", "0"},
                                                {"--producers", "65"},
                                                {"--backend", "kqueue"},
                                                {"--fast"}}) {
    std::vector<std::string> words{CHIME_TOOL, "soak"};
    words.insert(words.end(), wrong.begin(), wrong.end());
    const outcome o = run(words);
    EXPECT_EQ(o.exit_code, 2) << wrong[0] << o.err;
    EXPECT_EQ(o.out, "");
  }
}

TEST(soak_usage, fails_if_the_result_cannot_be_written) {
  const outcome o = run(
      {CHIME_TOOL, "soak", "--seconds", "1", "--signals", "1", "--backend", "poll", "--json", "/nowhere/soak.json"});
  EXPECT_EQ(o.exit_code, 1);
  EXPECT_TRUE(contains(o.err, "/nowhere/soak.json cannot be written")) << o.err;
}

ledger books_in_order() {
  ledger b;
  b.certain = {
      .uses = 9, .sent = 10, .delivered = 7, .coalesced = 1, .stale = 2, .foreign = 1, .consumed = 6, .dropped = 2};
  b.raced = {.uses = 3, .sent = 4, .delivered = 3, .coalesced = 1, .consumed = 2};
  b.submitted = b.completed = 10;
  b.blocked = 1;
  b.cancelled = 2;
  b.timed_out = 1;
  b.operations_submitted = b.operations_completed = 5;
  b.coroutines = {.spawned = 2,
                  .ended = 2,
                  .waits = 9,
                  .succeeded = 3,
                  .cancelled = 1,
                  .timed_out = 3,
                  .withdrawn = 2,
                  .consumed = 4};
  b.certain.delivered += 4, b.certain.sent += 4, b.certain.consumed += 4;
  return b;
}

TEST(soak_books, are_in_order) { EXPECT_EQ(breaches_of(books_in_order(), 2), std::vector<std::string>{}); }

TEST(soak_books, show_each_thing_that_can_go_wrong) {
  const std::vector<std::pair<const char*, std::function<void(ledger&)>>> wrongs = {
      {"a signal that is nowhere", [](ledger& b) { ++b.certain.sent; }},
      {"a signal that was lost", [](ledger& b) { ++b.certain.sent, ++b.certain.delivered; }},
      {"a foreign signal that was lost", [](ledger& b) { ++b.certain.foreign; }},
      {"a completion too few", [](ledger& b) { --b.completed; }},
      {"a completion too many", [](ledger& b) { ++b.completed; }},
      {"a wait that ended in no way", [](ledger& b) { ++b.submitted, ++b.completed; }},
      {"a raced signal out of nowhere", [](ledger& b) { b.raced.delivered = 1, b.raced.sent = 2; }},
      {"more raced signals kept than there were uses", [](ledger& b) { b.raced.delivered += 3, b.raced.sent += 3; }},
      {"a coroutine that did not end", [](ledger& b) { ++b.coroutines.spawned; }},
      {"a wait of a coroutine that did not end", [](ledger& b) { ++b.coroutines.waits; }},
      {"a wait of a coroutine that ended twice", [](ledger& b) { ++b.coroutines.cancelled; }},
      {"a signal that a coroutine made up", [](ledger& b) { ++b.coroutines.consumed, ++b.certain.consumed; }},
      {"a signal that a coroutine lost", [](ledger& b) { --b.coroutines.consumed, --b.certain.consumed; }},
      {"an operation that did not complete", [](ledger& b) { ++b.operations_submitted; }},
  };
  for (const auto& [what, spoil] : wrongs) {
    ledger b = books_in_order();
    spoil(b);
    EXPECT_NE(breaches_of(b, 2), std::vector<std::string>{}) << what;
  }
  EXPECT_NE(breaches_of(books_in_order(), 1), std::vector<std::string>{})
      << "stale signals that the pool did not count";
}

}  // namespace
