// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "explorer/execution.hpp"

#include <cstdio>
#include <cstdlib>

namespace chime::explore {

execution::execution(choices& branches, unsigned history_depth, unsigned max_steps)
    : choices_(branches), max_steps_(max_steps), memory_(*this, history_depth) {}

void execution::nobody_runs() {
  std::fputs("explore: an atomic or a blocking call was used outside of an execution\n", stderr);
  std::abort();
}

void execution::run(task body, const bounds& limits, bool tell_story) {
  memory_.reset();
  for (thread_record& t : threads_) {
    t.now = {};
    t.state = condition::absent;
    t.round = 2;  // A fresh location says 0, so it is neither in this round nor in the one before.
  }
  left_ = limits;
  steps_ = 0;
  thread_count_ = 0;
  running_ = 0;
  telling_ = tell_story;
  message_.clear();
  story_.clear();
  threads_[0].work = body;
  threads_[0].context.prepare(&execution::enter, this);
  active_ = this;
  fiber::jump(root_, threads_[0].context);
  active_ = nullptr;
}

void execution::enter(void* self) {
  auto& run = *static_cast<execution*>(self);
  run.just_chosen_ = true;
  const task work = run.self().work;
  bool escaped = false;
  try {
    work.call(work.callable);
  } catch (...) {
    escaped = true;  // The handler has to end before the fiber is abandoned.
  }
  if (escaped) run.fail("an exception left a thread");
  run.finish();
}

void execution::finish() {
  if (running_ == 0) fiber::jump(threads_[0].context, root_);
  self().state = condition::finished;
  depart();
  std::abort();  // Nobody gives the processor to a finished thread.
}

void execution::fail(std::string message) {
  message_ = std::move(message);
  tell("fails: " + message_);
  fiber::jump(self().context, root_);
  std::abort();  // Nobody comes back to a failed execution.
}

void execution::run_threads(const task* tasks, std::size_t count) {
  if (running_ != 0) fail("only the body of a model starts threads");
  if (count == 0 || count >= max_threads) fail("a model has one to seven threads");
  thread_count_ = static_cast<std::uint8_t>(count);
  for (std::size_t i = 0; i < count; ++i) {
    thread_record& t = threads_[i + 1];
    t.now.join(self().now);
    t.state = condition::ready;
    t.looked = t.stirred = false;
    t.work = tasks[i];
    t.context.prepare(&execution::enter, this);
  }
  depart();
  for (std::size_t i = 1; i <= count; ++i) self().now.join(threads_[i].now);
  thread_count_ = 0;
}

unsigned execution::choose(unsigned count, odds how) {
  if (count > 255) fail("a branch has at most 255 alternatives");
  const unsigned taken = choices_.choose(count, how);
  if (choices_.strayed()) fail("the model does not repeat itself, or the trace is one of another model");
  return taken;
}

// Round robin from the running thread, so that the plain course is a fair one.
void execution::add(candidates& found, condition wanted, bool with_self) const {
  unsigned i = running_;
  for (unsigned n = 0; n < thread_count_; ++n) {
    i = i >= thread_count_ ? 1 : i + 1;
    if (threads_[i].state == wanted && (with_self || i != running_)) {
      found.threads[found.count++] = static_cast<std::uint8_t>(i);
    }
  }
}

void execution::point() {
  if (running_ == 0) return;
  if (just_chosen_) {
    just_chosen_ = false;
    return;
  }
  candidates found;
  add(found, condition::ready, false);
  if (left_.time_outs > 0) add(found, condition::timed, false);
  if (found.count == 0) return;
  if (left_.preemptions == 0) {
    cut_ = true;
    return;
  }
  const unsigned taken = choose(found.count + 1, odds::plain_mostly);
  if (taken == 0) return;
  --left_.preemptions;
  const std::uint8_t next = found.threads[taken - 1];
  if (threads_[next].state == condition::timed) --left_.time_outs;
  hand_over(next);
  just_chosen_ = false;
}

void execution::depart() {
  candidates found;
  add(found, condition::ready, false);
  if (running_ != 0 && self().state == condition::ready) found.threads[found.count++] = running_;
  const bool all_wait = found.count == 0;
  if (all_wait || left_.time_outs > 0) add(found, condition::timed, true);
  if (found.count == 0) {
    for (unsigned i = 1; i <= thread_count_; ++i) {
      if (threads_[i].state != condition::finished) stuck();
    }
    return hand_over(0);
  }
  const std::uint8_t next = found.threads[choose(found.count, odds::even)];
  if (!all_wait && threads_[next].state == condition::timed) --left_.time_outs;
  hand_over(next);
}

void execution::hand_over(std::uint8_t to) {
  thread_record& next = threads_[to];
  if (next.state == condition::timed) {
    next.timed_out = true;
    next.state = condition::ready;
    if (telling_) story_ += "    the wait of thread " + std::to_string(to) + " times out\n";
  }
  if (to == running_) return;
  fiber& here = self().context;
  running_ = to;
  fiber::jump(here, next.context);
}

void execution::stuck() {
  bool spins = false;
  std::string who;
  for (unsigned i = 1; i <= thread_count_; ++i) {
    const condition state = threads_[i].state;
    spins = spins || state == condition::spinning;
    who += (i > 1 ? ", thread " : "thread ") + std::to_string(i) +
           (state == condition::finished   ? " has ended"
            : state == condition::spinning ? " spins"
                                           : " is blocked");
  }
  fail((spins ? "livelock: " : "deadlock: ") + who);
}

void execution::relax() {
  if (running_ == 0) fail("livelock: the body spins while no other thread runs");
  thread_record& t = self();
  if (!t.stirred) t.state = condition::spinning;
  depart();
  t.stirred = false;
  t.looked = false;
  ++t.round;
  just_chosen_ = true;
}

void execution::stir(const history* place) {
  for (unsigned i = 1; i <= thread_count_; ++i) {
    thread_record& t = threads_[i];
    if (i == running_ || (place != nullptr && t.looked && place->looked_in[i] != t.round)) continue;
    t.stirred = true;
    if (t.state == condition::spinning) t.state = condition::ready;
  }
}

bool execution::block(std::uint64_t key, bool may_time_out) {
  if (running_ == 0) fail("deadlock: the body blocks while no other thread runs");
  thread_record& t = self();
  t.key = key;
  t.timed_out = false;
  t.state = may_time_out ? condition::timed : condition::blocked;
  if (telling_) tell("blocks");
  depart();
  just_chosen_ = false;
  return !t.timed_out;
}

void execution::wake(std::uint64_t key, unsigned limit) {
  candidates found;
  for (unsigned i = 1; i <= thread_count_; ++i) {
    const thread_record& t = threads_[i];
    const bool waits = t.state == condition::blocked || t.state == condition::timed;
    if (waits && t.key == key) found.threads[found.count++] = static_cast<std::uint8_t>(i);
  }
  for (; found.count > 0 && limit > 0; --limit) {
    const unsigned taken = limit >= found.count ? 0 : choose(found.count, odds::even);
    threads_[found.threads[taken]].state = condition::ready;
    found.threads[taken] = found.threads[--found.count];
  }
}

void execution::endless() {
  fail("no end after " + std::to_string(max_steps_) + " steps: a livelock, or a loop without relax()");
}

void execution::tell(const std::string& line) {
  if (telling_) story_ += "thread " + std::to_string(running_) + " " + line + "\n";
}

}  // namespace chime::explore
