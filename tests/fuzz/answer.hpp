// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What a call can answer, in words that both interfaces have in common.
#pragma once

namespace fuzz {

enum class answer : unsigned char {
  ok,
  cancelled,
  timed_out,
  pool_exhausted,
  pool_closed,
  pool_already_open,
  capacity_below_initial,
  capacity_too_large,
  allocator_incomplete,
  loop_closed,
  loop_already_open,
  pools_open,
  operations_in_flight,
  polling,
  batch_zero,
  unknown_backend,
  unknown_backend_option,
  not_native,
  native_only_in_loop,
  no_memory,
  no_descriptors,
  bad_handle,
  // What the C interface says where several of the above look alike to it.
  busy,
  invalid,
  unsupported,
  other,
};

[[nodiscard]] constexpr const char* name_of(answer a) noexcept {
  constexpr const char* names[] = {"ok",
                                   "cancelled",
                                   "timed out",
                                   "pool exhausted",
                                   "pool closed",
                                   "pool already open",
                                   "capacity below initial",
                                   "capacity too large",
                                   "allocator incomplete",
                                   "loop closed",
                                   "loop already open",
                                   "pools open",
                                   "operations in flight",
                                   "polling",
                                   "batch zero",
                                   "unknown backend",
                                   "unknown backend option",
                                   "not native",
                                   "native only in loop",
                                   "no memory",
                                   "no descriptors",
                                   "bad handle",
                                   "busy",
                                   "invalid",
                                   "unsupported",
                                   "something else"};
  return names[static_cast<unsigned>(a)];
}

enum class signalled : unsigned char { stale, delivered, coalesced };

}  // namespace fuzz
