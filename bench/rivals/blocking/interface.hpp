// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What every rival of the blocking cases offers: a pair of signals by which two threads without a loop wake each
/// other in turn.
///
///     class some_pair {
///       static constexpr const char* name;
///       some_pair();                          // any thread
///       class side {                          // one thread's
///         side(some_pair&, unsigned who);     // 0 signals first, 1 waits first; on the thread, before either begins
///         void signal();                      // the other
///         void wait();                        // blocks until the other has signalled
///       };
///     };
#pragma once

#include "harness/thread.hpp"
