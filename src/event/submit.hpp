// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Submit and cancel of an event, for every face of the library (C++, C).
#pragma once

#include "event/cell.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

/// event::submit. `function` is of the type that the page's `complete` expects (null: callback::function).
void submit(cell&, void (*function)(), void* context, time_point deadline) noexcept;
/// ticket::cancel.
[[nodiscard]] bool cancel(cell&, std::uint64_t generation) noexcept;

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
