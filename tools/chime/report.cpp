// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace chime::tool {
namespace {

using nlohmann::ordered_json;
using number = std::optional<std::uint64_t>;

std::string line(const char* name, const std::string& value) { return fmt::format("  {:<20} {}\n", name, value); }

std::string or_else(const number& value, const char* otherwise) { return value ? fmt::to_string(*value) : otherwise; }

std::string nodes_text(const machine& m) {
  if (m.nodes_online.empty()) return "unknown to this kernel";
  return fmt::format("{} allowed (number {}), {} online (number {})", m.nodes_allowed.size(),
                     fmt::join(m.nodes_allowed, ", "), m.nodes_online.size(), fmt::join(m.nodes_online, ", "));
}

std::string both(const resource_limit& limit) {
  return fmt::format("{} (at most {})", or_else(limit.soft, "unlimited"), or_else(limit.hard, "unlimited"));
}

std::string meaning_of_disabled(const number& value) {
  if (!value) return "no such switch in this kernel";
  switch (*value) {
    case 0:
      return "0 (allowed for all)";
    case 1:
      return "1 (refused without privileges)";
    default:
      return fmt::format("{} (refused for all)", *value);
  }
}

std::string backends_text(const probe_result& found) {
  std::string text = "\nbackends\n";
  for (const backend_found& b : found.backends) {
    text += fmt::format("  {:<9} {:<9} {}\n", b.name, b.usable ? "usable" : "unusable", b.detail);
  }
  if (found.chosen.empty()) return text + fmt::format("  none would be chosen: {}\n", found.reason);
  return text + fmt::format("  {} would be chosen: {}\n", found.chosen, found.reason);
}

std::string machine_text(const machine& m) {
  return "\nmachine\n" + line("cores", fmt::format("{} allowed, {} online", m.cores_allowed, m.cores_online)) +
         line("NUMA nodes", nodes_text(m));
}

std::string limits_text(const machine& m) {
  return "\nlimits\n" + line("open files", both(m.open_files)) + line("locked memory, bytes", both(m.locked_memory)) +
         line("fs.nr_open", or_else(m.nr_open, "unknown")) +
         line("max_user_watches", or_else(m.max_user_watches, "unknown")) +
         line("io_uring_disabled", meaning_of_disabled(m.io_uring_disabled));
}

ordered_json json_of(const number& value) { return value ? ordered_json(*value) : ordered_json(nullptr); }

ordered_json json_of(const resource_limit& limit) {
  return {{"soft", json_of(limit.soft)}, {"hard", json_of(limit.hard)}};
}

ordered_json json_of(const std::vector<backend_found>& backends) {
  ordered_json all = ordered_json::array();
  for (const backend_found& b : backends) {
    all.push_back({{"name", b.name}, {"usable", b.usable}, {"detail", b.detail}});
  }
  return all;
}

}  // namespace

std::string to_text(const probe_result& found) {
  const machine& m = found.here;
  return fmt::format("chime {} on {} {} ({})\n", version(), m.system, m.release, m.architecture) +
         backends_text(found) + machine_text(m) + limits_text(m);
}

std::string to_json(const probe_result& found) {
  const machine& m = found.here;
  const ordered_json all = {
      {"chime", version()},
      {"kernel", {{"system", m.system}, {"release", m.release}, {"architecture", m.architecture}}},
      {"backends", json_of(found.backends)},
      {"chosen",
       {{"name", found.chosen.empty() ? ordered_json(nullptr) : ordered_json(found.chosen)}, {"reason", found.reason}}},
      {"cores", {{"allowed", m.cores_allowed}, {"online", m.cores_online}}},
      {"numa_nodes", {{"allowed", m.nodes_allowed}, {"online", m.nodes_online}}},
      {"limits",
       {{"open_files", json_of(m.open_files)},
        {"locked_memory_bytes", json_of(m.locked_memory)},
        {"nr_open", json_of(m.nr_open)},
        {"max_user_watches", json_of(m.max_user_watches)},
        {"io_uring_disabled", json_of(m.io_uring_disabled)}}},
  };
  return all.dump(2) + "\n";
}

}  // namespace chime::tool
