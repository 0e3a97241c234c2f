// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The C header alone, twice, in strict C11: it needs nothing before it.
#include <chime/chime.h>

_Static_assert(sizeof(chime_pool) == 1216 && _Alignof(chime_pool) == 64, "the pool's storage");
_Static_assert(sizeof(chime_cache) == 16 && _Alignof(chime_cache) == 8, "the cache's storage");
_Static_assert(sizeof(chime_operation) == 120 && _Alignof(chime_operation) == 8, "the operation's storage");
_Static_assert(sizeof(chime_ticket) == 16, "a ticket is passed in registers");
