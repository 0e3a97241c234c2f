// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The books of a scenario under faults: which errors were reported to it, what was submitted and completed, what was
/// signalled and delivered, and every breach of a promise. They allocate nothing and make no system call while the
/// scenario runs, so that a fault meets the library and not its examiner.
#pragma once

#include <array>
#include <chime/chime.hpp>
#include <cstddef>
#include <string>
#include <vector>

namespace faults {

/// An error that the library reported: where, and its name ("EMFILE", or "chime:" and the fault's number).
struct report {
  const char* site = "";
  std::error_code error;
};

class ledger {
 public:
  unsigned submitted = 0;  ///< waits and operations
  unsigned completed = 0;
  unsigned signalled = 0;      ///< by tickets that were not stale, coalesced ones not counted
  unsigned consumed = 0;       ///< signals that a wait brought
  unsigned dropped = 0;        ///< signals that a release dropped, as promised
  void (*relief)() = nullptr;  ///< called when `patience` errors have been reported: ends a lasting fault
  std::size_t patience = 4;

  /// Names the part of the scenario that follows. In a trace of system calls it stands as a call of access(2), which the
  /// library never makes.
  void enter(const char* marker) noexcept;
  [[nodiscard]] const char* site() const noexcept { return site_; }
  void reported(std::error_code) noexcept;
  void breach(const char* what) noexcept;
  void expect(bool holds, const char* what) noexcept {
    if (!holds) breach(what);
  }

  [[nodiscard]] std::vector<report> reports() const;
  [[nodiscard]] std::vector<std::string> breaches() const;

 private:
  const char* site_ = "";
  std::array<report, 256> reports_;
  std::array<const char*, 64> breaches_ = {};
  std::size_t reports_count_ = 0;
  std::size_t breaches_count_ = 0;
};

/// The name of an error: the errno's, or the word "fault" and the number of one of chime's own.
[[nodiscard]] std::string name_of(std::error_code);

}  // namespace faults
