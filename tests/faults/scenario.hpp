// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// One fixed course of events that makes every system call of the library at least once, on a named backend, and goes on
/// when one fails: what is refused is tried again, and at the end the books must balance.
#pragma once

#include <chime/memory.hpp>
#include <string>

#include "ledger.hpp"

namespace faults {

struct scenario_options {
  std::string backend;        ///< empty: the first that runs
  bool numa = true;           ///< also the allocator of a node's memory
  bool calm = false;          ///< does nothing between begin and end: what the process does by itself
  void (*begin)() = nullptr;  ///< called at the beginning, when all that the scenario itself needs is there
  chime::allocator memory = {};
};

/// The backend that was used.
[[nodiscard]] std::string run_scenario(const scenario_options&, ledger&);

}  // namespace faults
