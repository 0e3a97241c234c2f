// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "ledger.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace faults {

void ledger::enter(const char* marker) noexcept {
  (void)!::access(marker, F_OK);  // there is no such file, and need not be
  site_ = marker + std::strlen("chime:");
}

void ledger::reported(std::error_code error) noexcept {
  if (reports_count_ == reports_.size()) return breach("errors were reported without end");
  reports_[reports_count_++] = {site_, error};
  if (reports_count_ == patience && relief != nullptr) relief();
}

void ledger::breach(const char* what) noexcept {
  if (breaches_count_ < breaches_.size()) breaches_[breaches_count_++] = what;
}

std::vector<report> ledger::reports() const {
  return {reports_.begin(), reports_.begin() + static_cast<std::ptrdiff_t>(reports_count_)};
}

std::vector<std::string> ledger::breaches() const {
  return {breaches_.begin(), breaches_.begin() + static_cast<std::ptrdiff_t>(breaches_count_)};
}

std::string name_of(std::error_code error) {
  if (error == chime::fault::backend_unusable) return "backend_unusable";
  if (error == chime::fault::handle_misfit) return "handle_misfit";
  if (error == chime::fault::clock_set) return "clock_set";
  if (error.category() != std::system_category()) return error.message();
  const char* const name = ::strerrorname_np(error.value());
  return name != nullptr ? name : std::to_string(error.value());
}

}  // namespace faults
