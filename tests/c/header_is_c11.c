// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The C header alone, twice, in strict C11: it needs nothing before it.
#include <chime/chime.h>

_Static_assert(sizeof(chime_pool) == 1536 && _Alignof(chime_pool) == 64, "the pool's storage");
_Static_assert(sizeof(chime_cache) == 32 && _Alignof(chime_cache) == 8, "the cache's storage");
_Static_assert(sizeof(chime_operation) == 128 && _Alignof(chime_operation) == 8, "the operation's storage");
_Static_assert(sizeof(chime_ticket) == 16, "a ticket is passed in registers");

// Programs have these numbers in them; abidw does not see constants that are passed as plain integers.
_Static_assert(CHIME_STALE == 0 && CHIME_DELIVERED == 1 && CHIME_COALESCED == 2, "what a signal did");
_Static_assert(CHIME_READABLE == 1 && CHIME_WRITABLE == 2, "what a watch is interested in");
_Static_assert(CHIME_PRIMITIVE_AUTOMATIC == 0 && CHIME_PRIMITIVE_EVENTFD == 1 && CHIME_PRIMITIVE_PIPE == 2,
               "primitives");
_Static_assert(CHIME_DRAIN_NOTHING == 0 && CHIME_DRAIN_EVENTFD == 1 && CHIME_DRAIN_EVENTFD_SEMAPHORE == 2 &&
                   CHIME_DRAIN_PIPE == 3 && CHIME_DRAIN_TIMERFD == 4 && CHIME_DRAIN_SIGNALFD == 5 &&
                   CHIME_DRAIN_FENCE == 6,
               "how a handle is drained");
