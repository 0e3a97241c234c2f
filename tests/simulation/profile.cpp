// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "profile.hpp"

namespace chime::simulation {
namespace {

/// Half of the time nothing, else once in 256 to once in 2.
[[nodiscard]] unsigned likelihood(random_source& random) { return random.below(2) == 0 ? 0 : 4U << random.below(8); }
/// Of what a program may do or leave.
[[nodiscard]] unsigned habit(random_source& random) { return random.below(4) == 0 ? 0 : random.below(900); }

void draw_faults(profile& p, random_source& random) {
  for (unsigned* fault :
       {&p.early_return, &p.interrupted, &p.short_batch, &p.no_room, &p.refused, &p.ready_at_once, &p.failed_result,
        &p.late_stop, &p.within_call, &p.no_memory, &p.no_descriptors, &p.clock_jump}) {
    *fault = likelihood(random);
  }
  p.wait_fails = likelihood(random) / 8;
  p.clock_jump /= 16;  // many readings make one poll
  p.thread_between = likelihood(random);
  p.reorders = random.below(2) == 0;
  p.reads_at_once = random.below(2) == 0;
  p.looks_cheaply = random.below(2) == 0;
  p.lacks_pwait2 = random.below(4) == 0;
  p.tick_ns = 1 + random.between(0, 2'000);
  p.delay_ns = 1 + random.between(0, 2'000'000);
  p.pause_ns = 1 + random.between(0, 1'000'000);
  p.descriptor_limit = random.below(4) == 0 ? 6 + random.below(12) : 1000;
  if (random.below(4) == 0) p.pipe_capacity = 1 + random.below(12);
}

void draw_program(profile& p, random_source& random) {
  for (unsigned& weight : p.weights) weight = random.below(3) == 0 ? 0 : 1 + random.below(8);
  // A world without these is empty; and these cost much or end much.
  for (const action a : {action::acquire, action::submit, action::signal}) {
    p.weights[static_cast<std::size_t>(a)] += 3;
  }
  for (const action a : {action::reopen_pool, action::cancel_all, action::trim, action::stop, action::block}) {
    unsigned& weight = p.weights[static_cast<std::size_t>(a)];
    weight = (weight + 2) / 4;
  }
  // Many waits at once, which nobody ends for long.
  p.crowded = random.below(8) == 0;
  if (p.crowded) {
    for (const action a : {action::acquire, action::submit, action::submit_operation}) {
      p.weights[static_cast<std::size_t>(a)] = 12;
    }
    for (const action a : {action::signal, action::cancel, action::release, action::cancel_all}) {
      p.weights[static_cast<std::size_t>(a)] = random.below(2);
    }
  }
  p.deadlines = habit(random);
  p.resubmits = habit(random);
  p.callbacks = habit(random);
  p.late_tickets = habit(random);
  p.rounds = 8 + random.below(56);
  p.acts_per_round = 1 + random.below(24);
}

}  // namespace

profile profile::drawn_from(random_source& random) {
  profile p;
  draw_faults(p, random);
  draw_program(p, random);
  return p;
}

void profile::calm() {
  for (unsigned* fault : {&early_return, &interrupted, &short_batch, &wait_fails, &no_room, &refused, &ready_at_once,
                          &failed_result, &within_call, &no_memory, &no_descriptors, &clock_jump, &thread_between}) {
    *fault = 0;
  }
  descriptor_limit = 1000;
}

}  // namespace chime::simulation
