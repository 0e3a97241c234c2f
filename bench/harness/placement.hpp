// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// How far two processors are from each other. On a shared machine the same two may be siblings now and far in a second,
/// and what two threads can do differs by ten times between the two; so each sample says where it was taken.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace chime::bench {

enum class placement { one, siblings, near, far };

inline constexpr std::array all_placements = {placement::one, placement::siblings, placement::near, placement::far};

/// "one", "siblings", "near", "far".
[[nodiscard]] std::string_view name_of(placement);
/// Nothing if no placement is called so.
[[nodiscard]] std::optional<placement> placement_named(std::string_view);

/// What a round trip of one cache line between two processors says about them.
[[nodiscard]] placement classify(double round_trip_ns);

/// Measures that round trip, for a few milliseconds. The caller runs pinned to `first_cpu`.
[[nodiscard]] double line_round_trip_ns(int second_cpu);

}  // namespace chime::bench
