// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "probe.hpp"

#include <fmt/core.h>

#include <chime/config.hpp>

namespace chime::tool {
namespace {

/// Opens a loop as a program would that has no wishes, so that CHIME_BACKEND counts.
void choose(probe_result& result) {
  chime::proactor loop;
  if (const auto opened = loop.open(); !opened) {
    result.reason = opened.error().message();
    return;
  }
  result.chosen = loop.backend();
  result.reason = loop.backend_choice();
}

}  // namespace

probe_result probe() {
  probe_result result;
  result.here = look_at_machine();
  for (const chime::backend_report& report : chime::probe_backends()) {
    result.backends.push_back({std::string{report.name}, report.usable, report.detail.data()});
  }
  choose(result);
  return result;
}

std::string version() { return fmt::format("{}.{}.{}", CHIME_VERSION_MAJOR, CHIME_VERSION_MINOR, CHIME_VERSION_PATCH); }

}  // namespace chime::tool
