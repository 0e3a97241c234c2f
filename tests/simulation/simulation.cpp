// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "simulation.hpp"

#include <cerrno>
#include <chrono>

#include "chime/detail/thread.hpp"
#include "event/blocking.hpp"

namespace chime::simulation {
namespace {

simulation* present = nullptr;

/// Far from those that the library gives to the process's own threads, and from 0.
constexpr std::uint64_t first_thread_number = 1'000;

}  // namespace

simulation::simulation(std::uint64_t its_seed, bool prints)
    : seed(its_seed),
      random(its_seed),
      how(profile::drawn_from(random)),
      log(its_seed, prints),
      os(*this),
      readiness(*this),
      heap(*this) {
  present = this;
  // Anew, without what other worlds have taught it; and short, for a spin reads the clock again and again.
  detail::blocking_spin =
      detail::spin_policy(std::chrono::nanoseconds(random.below(8) == 0 ? random.between(0, 2'000) : 0));
  become(0);
}

simulation::~simulation() { present = nullptr; }

bool simulation::under_way() noexcept { return present != nullptr; }
simulation& simulation::current() noexcept { return *present; }
std::uint64_t present_seed() noexcept { return present == nullptr ? 0 : present->seed; }

void simulation::become(unsigned thread) noexcept {
  thread_ = thread;
  detail::thread_number = first_thread_number + thread;
}

bool simulation::let_one_act() noexcept {
  if (runs == nullptr || calm || depth_ == deepest) return false;
  const int kept = errno;
  const unsigned me = thread_;
  ++depth_;
  const bool acted = runs->other_thread_acts();
  --depth_;
  become(me);
  errno = kept;
  return acted;
}

void simulation::let_others_act(unsigned likelihood) noexcept {
  if (!random.chance(likelihood) || is_long()) return;
  // Once or often: for some races one step of one thread is enough, for others somebody must have come far meanwhile.
  const unsigned acts = random.below(2) == 0 ? 1 : 2 + random.below(8);
  for (unsigned i = 0; i < acts && let_one_act(); ++i) note(step::thread_between);
}

}  // namespace chime::simulation
