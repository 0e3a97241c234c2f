// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Frames that are destroyed where nobody is the polling thread (src/coro/polling_claim.cpp), against each other and against
/// the host that they wake.
#include "chime/coro.hpp"
#include "frame.hpp"
#include "loop_stage.hpp"

namespace explore = chime::explore;
using namespace chime::models;
using chime::event;
using chime::signal_result;

namespace {

frame wait_for(event& ev) { (void)co_await chime::async_wait(ev); }

// The guest is asleep, and nothing but the destroyed frame can wake its host. (No stale reads: the host's own claim would find
// the old one, which the kernel, unlike this machine, does not let happen after it has woken somebody.)
TEST(coro_claim_model, guests_host_that_a_destroyed_frame_wakes) {
  expect_holds({.preemptions = 3, .stale_reads = 0}, [] {
    loop_stage s({}, {}, true);
    event ev = s.acquire();
    frame f = wait_for(ev);
    while (s.loop->guest_poll().value() == chime::time_point::min()) {
    }
    explore::threads([&] { f.destroy(); },
                     [&] {
                       s.kernel.await(static_cast<int>(s.loop->handle()));
                       check(s.loop->guest_poll().has_value(), "the host was refused");
                     });
    ev.reset();
    check(s.loop->guest_poll().has_value(), "guest_poll failed");
    s.close();
  });
}

// Nobody has polled: each of two threads destroys a frame of its own.
TEST(coro_claim_model, two_frames_destroyed_at_once) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    loop_stage s;
    std::array<event, 2> events{s.acquire(), s.acquire()};
    frame f = wait_for(events[0]);
    frame g = wait_for(events[1]);
    for (event& ev : events) (void)ev.get_ticket().signal();
    explore::threads([&] { f.destroy(); }, [&] { g.destroy(); });
    for (event& ev : events) check(ev.get_ticket().signal() == signal_result::coalesced, "a signal was lost");
    events = {};
    s.finish();
  });
}

}  // namespace
