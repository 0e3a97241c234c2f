// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The C header alone, twice, in strict C11: it needs nothing before it.
#include <chime/chime.h>

_Static_assert(sizeof(chime_pool) == 1536 && _Alignof(chime_pool) == 64, "the pool's storage");
_Static_assert(sizeof(chime_cache) == 32 && _Alignof(chime_cache) == 8, "the cache's storage");
_Static_assert(sizeof(chime_operation) == 128 && _Alignof(chime_operation) == 8, "the operation's storage");
_Static_assert(sizeof(chime_ticket) == 16, "a ticket is passed in registers");

// Version 0.1's structs; later fields come after these, and older programs have these sizes in their `size`.
_Static_assert(offsetof(chime_proactor_options, allocator) + sizeof(chime_allocator) == 56, "options of a loop");
_Static_assert(offsetof(chime_proactor_stats, kernel_checks) + sizeof(uint64_t) == 40, "statistics of a loop");
_Static_assert(offsetof(chime_pool_options, native) + sizeof(bool) == 29, "options of a pool");
_Static_assert(offsetof(chime_pool_stats, stale_signals) + sizeof(uint64_t) == 56, "statistics of a pool");

// Programs have these numbers in them; abidw does not see constants that are passed as plain integers.
_Static_assert(CHIME_STALE == 0 && CHIME_DELIVERED == 1 && CHIME_COALESCED == 2, "what a signal did");
_Static_assert(CHIME_READABLE == 1 && CHIME_WRITABLE == 2, "what a watch is interested in");
_Static_assert(CHIME_PRIMITIVE_AUTOMATIC == 0 && CHIME_PRIMITIVE_EVENTFD == 1 && CHIME_PRIMITIVE_PIPE == 2,
               "primitives");
_Static_assert(CHIME_DRAIN_NOTHING == 0 && CHIME_DRAIN_EVENTFD == 1 && CHIME_DRAIN_EVENTFD_SEMAPHORE == 2 &&
                   CHIME_DRAIN_PIPE == 3 && CHIME_DRAIN_TIMERFD == 4 && CHIME_DRAIN_SIGNALFD == 5 &&
                   CHIME_DRAIN_FENCE == 6,
               "how a handle is drained");
