// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The command-line tool: one subcommand for each question it answers.
#include <fmt/core.h>

#include <string>

#include "command_line/command_line.hpp"
#include "probe.hpp"
#include "report.hpp"
#include "soak/command.hpp"

namespace {

int run_probe(bool as_json) {
  const chime::tool::probe_result found = chime::tool::probe();
  fmt::print("{}", as_json ? chime::tool::to_json(found) : chime::tool::to_text(found));
  return found.chosen.empty() ? chime::programs::exit_failure : 0;
}

}  // namespace

int main(int count, char** words) {
  CLI::App app{"Tells what chime can do on this machine, and whether it keeps its promises here", "chime"};
  app.set_version_flag("--version", std::string{"chime "} + chime::tool::version());
  app.require_subcommand(1);

  bool as_json = false;
  CLI::App& probe = *app.add_subcommand("probe", "Show the kernel, the backends, and the limits that matter");
  probe.add_flag("--json", as_json, "Print JSON");

  const auto run_soak = chime::soak::add_command(app);

  if (const auto end = chime::programs::parse(app, count, words)) return *end;
  return probe.parsed() ? run_probe(as_json) : run_soak();
}
