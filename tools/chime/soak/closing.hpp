// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What the coordinator does beside the producers' mix.
#pragma once

#include <chime/pool.hpp>
#include <string>

namespace chime::soak {

/// The short life of a pool: opened, used, cancelled and closed while its loop is busy with others. Any thread but the
/// loop's. Returns what was wrong; empty: nothing.
[[nodiscard]] std::string close_under_way(proactor& loop, const allocator& memory);

}  // namespace chime::soak
