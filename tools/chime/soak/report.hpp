// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The two forms in which `chime soak` tells its result.
#pragma once

#include <string>
#include <vector>

#include "soak.hpp"

namespace chime::soak {

/// For people: a paragraph for each backend, and how to run the same again.
[[nodiscard]] std::string to_text(const options&, const std::vector<outcome>&);
/// For programs. Times in seconds, memory in bytes.
[[nodiscard]] std::string to_json(const options&, const std::vector<outcome>&);

}  // namespace chime::soak
