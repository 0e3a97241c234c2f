// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "../probe.hpp"

namespace chime::soak {
namespace {

using nlohmann::ordered_json;

std::string to_text(const outcome& o) {
  const ledger& b = o.books;
  const coroutine_books& c = b.coroutines;
  std::string text = fmt::format(
      "{}: {}\n"
      "  {:.1f} s, {} signals ({:.2f} million a second), compared {} times\n"
      "  {} sent = {} delivered + {} coalesced + {} stale; {} more written to native handles\n"
      "  {} submits = {} completions; {} waits blocked; {} consumed, {} cancelled, {} timed out, {} dropped by "
      "release\n"
      "  {} operations = {} completions\n"
      "  {} coroutines; {} waits of them = {} succeeded + {} cancelled + {} timed out + {} withdrawn\n"
      "  memory {} bytes at the last rest, {} after the end; the process grew by {}; {} descriptors at rest\n",
      o.backend, o.breaches.empty() ? "passed" : "FAILED", o.took.count(), b.sent(),
      static_cast<double>(b.sent()) / 1e6 / o.took.count(), o.rests, b.sent(), b.delivered(), b.coalesced(), b.stale(),
      b.certain.foreign, b.submitted, b.completed, b.blocked, b.consumed(), b.cancelled, b.timed_out, b.certain.dropped,
      b.operations_submitted, b.operations_completed, c.ended, c.waits, c.succeeded, c.cancelled, c.timed_out,
      c.withdrawn, o.library_bytes, o.library_bytes_end, o.resident_growth, o.descriptors);
  if (o.turns != 0) text += fmt::format("  {} turns of the guest, {} wake-ups\n", o.turns, o.wakeups);
  for (const std::string& breach : o.breaches) text += fmt::format("  BREACH: {}\n", breach);
  return text;
}

ordered_json json_of(const account& a) {
  return {{"uses", a.uses},   {"sent", a.sent},       {"delivered", a.delivered}, {"coalesced", a.coalesced},
          {"stale", a.stale}, {"foreign", a.foreign}, {"consumed", a.consumed},   {"dropped", a.dropped}};
}

ordered_json json_of(const coroutine_books& c) {
  return {{"spawned", c.spawned},     {"ended", c.ended},         {"waits", c.waits},
          {"succeeded", c.succeeded}, {"cancelled", c.cancelled}, {"timed_out", c.timed_out},
          {"withdrawn", c.withdrawn}, {"consumed", c.consumed}};
}

ordered_json json_of(const outcome& o) {
  const ledger& b = o.books;
  return {{"backend", o.backend},
          {"passed", o.breaches.empty()},
          {"seconds", o.took.count()},
          {"rests", o.rests},
          {"signals",
           {{"sent", b.sent()}, {"delivered", b.delivered()}, {"coalesced", b.coalesced()}, {"stale", b.stale()}}},
          {"waits",
           {{"submitted", b.submitted},
            {"completed", b.completed},
            {"blocked", b.blocked},
            {"consumed", b.consumed()},
            {"cancelled", b.cancelled},
            {"timed_out", b.timed_out}}},
          {"operations", {{"submitted", b.operations_submitted}, {"completed", b.operations_completed}}},
          {"coroutines", json_of(b.coroutines)},
          {"certain", json_of(b.certain)},
          {"raced", json_of(b.raced)},
          {"memory",
           {{"library_bytes", o.library_bytes},
            {"library_bytes_after", o.library_bytes_end},
            {"resident_growth", o.resident_growth}}},
          {"descriptors", o.descriptors},
          {"guest", {{"turns", o.turns}, {"wakeups", o.wakeups}}},
          {"breaches", o.breaches}};
}

}  // namespace

std::string to_text(const options& o, const std::vector<outcome>& all) {
  std::string text;
  for (const outcome& one : all) text += to_text(one);
  return text + fmt::format("seed {}, {} producers\n", o.seed, o.producers);
}

std::string to_json(const options& o, const std::vector<outcome>& all) {
  ordered_json backends = ordered_json::array();
  for (const outcome& one : all) backends.push_back(json_of(one));
  const bool passed = std::ranges::all_of(all, [](const outcome& one) { return one.breaches.empty(); });
  const ordered_json found = {{"chime", tool::version()},      {"seed", o.seed},   {"producers", o.producers},
                              {"seconds", o.duration.count()}, {"passed", passed}, {"backends", backends}};
  return found.dump(2) + "\n";
}

}  // namespace chime::soak
