// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What a native event has beside its cell: the primitive, and an account of who writes to it.
///
/// The problem: a ticket wins the word, stalls, and writes to the primitive only when the event serves its next use.
/// The account cures it: signallers enter `flight` before they touch the word and leave it after their write, so an
/// acquirer that finds nobody in flight knows that every write of earlier uses has landed, and by the counts whether
/// any of them is still in the primitive. Foreign writers keep no account: their primitive is replaced.
///
/// Invariants:
/// 1. Each change of phase by a ticket writes the primitive once, and coalescing writes nothing.
/// 2. landed - consumed = signals of tickets that lie in the primitive, whenever nobody is in flight and no foreign
///    writer was given the handle.
/// 3. A descriptor is never closed while a ticket's write is in flight.
#pragma once

#include "backend/backend.hpp"
#include "event/cell.hpp"
#include "event/primitive.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

struct alignas(64) native_state {
  sync::atomic<std::uint64_t> flight{0};  ///< low half: signallers under way; high half: writes landed, modulo 2^32
  primitive_handles handles;              ///< written by acquirers and trim, while the event is free
  std::uint32_t consumed = 0;        ///< signals read, modulo 2^32: the loop's during a wait, the holder's otherwise
  bool shared = false;               ///< the holder's: a handle was given out in this use
  bool foreign_writes_over = false;  ///< the holder's: and its word that nobody writes to it any more
  drain_work work;                   ///< the loop's

  /// Signals of tickets that lie in the primitive for certain.
  /// Acquire: pairs with the release at the end of signal_native(): the write has landed.
  [[nodiscard]] std::uint32_t waiting() const noexcept {
    return static_cast<std::uint32_t>(flight.load(std::memory_order_acquire) >> 32U) - consumed;
  }
  /// A drain that read something: signals by value from an eventfd, by length from a pipe. A pipe that filled the
  /// buffer is read empty (foreign writers only), since signals before the completion coalesce.
  void account_for(int bytes) noexcept {
    if (!handles.is_pipe()) {
      consumed += static_cast<std::uint32_t>(work.buffer);
      return;
    }
    consumed += static_cast<std::uint32_t>(bytes);
    if (bytes == static_cast<int>(sizeof work.buffer)) consumed += static_cast<std::uint32_t>(read_empty(handles));
  }
};
static_assert(sizeof(native_state) == 64);

inline native_state* cell::native() noexcept {
  page& p = its_page();
  return p.header.natives == nullptr ? nullptr : p.header.natives + (this - p.cells);
}

/// ticket::signal for native events.
[[nodiscard]] signal_effect signal_native(cell&, native_state&, std::uint64_t generation) noexcept;

/// Where an acquirer stands with an event that it has popped.
enum class readiness : unsigned char {
  ready,      ///< the primitive exists, is empty, and nobody will write to it for an earlier use
  in_flight,  ///< a late signaller is still under way: try another event
  failed,     ///< the primitive could not be made
};
/// Makes a popped event's primitive fit for the next use. System calls: none in the common case; one if it must be read
/// empty; two or three if it is made or replaced. `error` gets the errno of a failure.
[[nodiscard]] readiness prepare(native_state&, primitive kind, int& error) noexcept;

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
