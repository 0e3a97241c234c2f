// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// `chime soak` as a subcommand: its options, and how it ends.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace chime::soak {

/// Adds the subcommand. What is returned runs it after parsing, and returns the exit code: 0, or 1 after a breach or if a
/// backend cannot run, or 2 for a backend that does not exist.
[[nodiscard]] std::function<int()> add_command(CLI::App& app);

}  // namespace chime::soak
