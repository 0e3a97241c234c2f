// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "command_line/command_line.hpp"

#include <fmt/core.h>

#include <chime/error.hpp>
#include <cstdio>

namespace chime::programs {

std::optional<int> parse(CLI::App& app, int count, char** words) {
  try {
    app.parse(count, words);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    // Help and version are errors for the parser, too: those that end well.
    if (error.get_exit_code() == 0) return app.exit(error);
    fmt::print(stderr, "{0}: {1}; \"{0} --help\" tells what is right\n", app.get_name(), error.what());
    return exit_bad_usage;
  }
}

int refuse(const CLI::App& app, const char* what, std::error_code why) {
  fmt::print(stderr, "{}: {}: {}\n", app.get_name(), what, why.message());
  return why == chime::errc::invalid_argument ? exit_bad_usage : exit_failure;
}

}  // namespace chime::programs
