// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "event/native.hpp"

#include <cerrno>

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace {

constexpr std::uint64_t landed_one = 1ULL << 32U;

[[nodiscard]] constexpr std::uint32_t under_way(std::uint64_t flight) noexcept {
  return static_cast<std::uint32_t>(flight);
}

/// A fresh primitive under a number that no earlier user of the event knows, if the process may have one more
/// descriptor for a moment; otherwise the old one goes first, and the number may come back.
[[nodiscard]] int replace(native_state& native, primitive kind) noexcept {
  primitive_handles fresh;
  int failed = make_primitive(kind, fresh);
  if (failed == EMFILE || failed == ENFILE) {
    close_primitive(native.handles);
    failed = make_primitive(kind, fresh);
  }
  if (failed != 0) return failed;
  close_primitive(native.handles);
  native.handles = fresh;
  return 0;
}

}  // namespace

signal_effect signal_native(cell& c, native_state& native, std::uint64_t generation) noexcept {
  if (c.word.is_over(generation)) return signal_effect::stale;
  // Announce first. Relaxed: the swap of the word below releases it, and retire_exact() acquires that swap before
  // anybody loads `flight`; if this use ends before the swap, the swap fails and nothing is written.
  native.flight.fetch_add(1, std::memory_order_relaxed);
  const signal_effect effect = c.word.signal(generation);
  const bool changed = effect != signal_effect::stale && effect != signal_effect::coalesced;
  const bool landed = changed && write_primitive(native.handles);
  // One step: one fewer under way, and one more landed if it was. Release: pairs with the acquire of waiting() and
  // prepare(): whoever counts this write can read it from the primitive, and may close the descriptor after us.
  native.flight.fetch_add(landed ? landed_one - 1 : ~std::uint64_t{0}, std::memory_order_release);
  return effect;
}

readiness prepare(native_state& native, primitive kind, int& error) noexcept {
  // Acquire: pairs with the release above. The acquirer has popped the event, so its last release happened before.
  const std::uint64_t flight = native.flight.load(std::memory_order_acquire);
  if (under_way(flight) != 0) return readiness::in_flight;
  const auto landed = static_cast<std::uint32_t>(flight >> 32U);
  const bool fresh = !native.handles.exists() || (native.shared && !native.foreign_writes_over);
  if (fresh) {
    error = replace(native, kind);
    if (error != 0) return readiness::failed;
  } else if (native.shared || landed != native.consumed) {
    read_empty(native.handles);
  }
  native.consumed = landed;
  native.shared = false;
  native.foreign_writes_over = false;
  return readiness::ready;
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
