// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What the project's programs have in common: how they take a command line, and how they end.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <system_error>

namespace chime::programs {

inline constexpr int exit_failure = 1;  ///< something could not be done
inline constexpr int exit_bad_usage =
    2;  ///< the command line, or CHIME_BACKEND, asked for something that does not exist

/// Parses the command line. A value: the program ends with it (after --help, --version or bad usage, which is explained on
/// stderr).
[[nodiscard]] std::optional<int> parse(CLI::App& app, int count, char** words);

/// Tells on stderr what a program could not do, and returns the code that it ends with.
[[nodiscard]] int refuse(const CLI::App& app, const char* what, std::error_code why);

}  // namespace chime::programs
