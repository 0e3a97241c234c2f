// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The parts of add_signal_cases, one for each file, and all rivals.
#pragma once

#include "harness/job.hpp"
#include "rivals/signal/asio.hpp"
#include "rivals/signal/asio_guest.hpp"
#include "rivals/signal/bare_queue.hpp"
#include "rivals/signal/chime.hpp"
#include "rivals/signal/chime_bare.hpp"
#include "rivals/signal/epoll_eventfd.hpp"
#include "rivals/signal/epoll_guest.hpp"
#include "rivals/signal/libevent.hpp"
#include "rivals/signal/libuv.hpp"
#include "rivals/signal/libuv_guest.hpp"
#include "rivals/signal/spinning_ring.hpp"
#include "rivals/signal/uring_futex.hpp"
#include "rivals/signal/uring_linked.hpp"
#include "rivals/signal/uring_msg_ring.hpp"

namespace chime::bench {

/// Lists of rivals, since a template of templates cannot be put into a variable.
template <template <class> class... Rivals>
struct rivals {
  /// Calls `add.template operator()<Rival>()` for each.
  template <class Add>
  static void for_each(Add add) {
    (add.template operator()<Rivals>(), ...);
  }
};

/// Those that can sleep in a poll.
using sleeping_rivals =
    rivals<chime_loop, chime_native_loop, libuv_loop, asio_loop, libevent_loop, epoll_eventfd_loop, uring_linked_loop,
           uring_msg_ring_loop, uring_futex_loop, libuv_guest_loop, epoll_guest_loop, asio_guest_loop>;
/// What never sleeps: chime's protocol alone, and the limits.
using spinning_rivals = rivals<chime_bare_loop, bare_queue_loop, spinning_ring_loop>;

/// The name of a rival, whatever its handler.
template <template <class> class Rival>
constexpr const char* name_of = Rival<void (*)(unsigned)>::name;

void add_signal_throughput(job_list&);
void add_signal_cycle(job_list&);
void add_signal_latency(job_list&);
void add_signal_asleep(job_list&);
void add_signal_syscalls(job_list&);
void add_signal_idle(job_list&);

}  // namespace chime::bench
