// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The two forms in which `chime probe` prints what it found. Both say the same.
#pragma once

#include <string>

#include "probe.hpp"

namespace chime::tool {

/// For people; a backend's line begins with its name and the word "usable" or "unusable".
[[nodiscard]] std::string to_text(const probe_result& found);
/// For programs. Null: unlimited, or unknown to this kernel.
[[nodiscard]] std::string to_json(const probe_result& found);

}  // namespace chime::tool
