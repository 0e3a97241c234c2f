// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The random mix: which plans, how often, and what each does.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "producer.hpp"

namespace chime::soak {
namespace {

struct share {
  plan what;
  unsigned of_1024;
};

/// The hot path has most of it. The rest is as frequent as its cost allows: what sleeps is rare.
constexpr std::array shares = {
    share{plan::signal_after_submit, 638},
    share{plan::signal_before_submit, 96},
    share{plan::coalesce_before_submit, 64},
    share{plan::signal_twice, 48},
    share{plan::wait_again, 32},
    share{plan::peer_signals, 48},
    share{plan::cancel, 14},
    share{plan::cancel_and_signal, 12},
    share{plan::release_signalled, 16},
    share{plan::release, 12},
    share{plan::block_signalled, 12},
    share{plan::peer_releases, 12},
    share{plan::peer_or_cancel, 12},
    share{plan::peer_or_deadline, 4},
    share{plan::time_out, 3},
    share{plan::block_for_peer, 1},
};

constexpr unsigned native_one_in = 256;   ///< each costs a few system calls
constexpr unsigned uncached_one_in = 16;  ///< acquired from the pool, not from the cache
constexpr unsigned block_one_in = 16;     ///< of those that could: it stops its producer and all who ask it
constexpr unsigned hand_back_one_in = 4;  ///< released by the producer, not by the completion

/// Independent random numbers out of one.
class draws {
 public:
  explicit draws(std::uint64_t bits) noexcept : bits_(bits) {}
  [[nodiscard]] unsigned below(unsigned power_of_two) noexcept {
    const auto drawn = static_cast<unsigned>(bits_ & (power_of_two - 1));
    bits_ /= power_of_two;
    return drawn;
  }
  [[nodiscard]] bool one_in(unsigned power_of_two) noexcept { return below(power_of_two) == 0; }

 private:
  std::uint64_t bits_;
};

[[nodiscard]] plan draw_plan(unsigned drawn) noexcept {
  for (const share& s : shares) {
    if (drawn < s.of_1024) return s.what;
    drawn -= s.of_1024;
  }
  return shares.front().what;
}

/// Native events are waited for in a loop only.
[[nodiscard]] plan for_native(plan p, bool foreign) noexcept {
  if (foreign) return plan::foreign_signal;
  const bool blocks = p == plan::block_signalled || p == plan::block_for_peer;
  return blocks ? plan::signal_after_submit : p;
}

}  // namespace

void producer::begin(use& u) {
  write_late(u);
  draws drawn{random_()};
  u.what = draw_plan(drawn.below(1024));
  u.native = drawn.one_in(native_one_in);
  u.hand_back = drawn.one_in(hand_back_one_in);
  const bool foreign = drawn.one_in(2);
  if (u.what == plan::block_for_peer && !drawn.one_in(block_one_in)) u.what = plan::block_signalled;
  u.ev = acquire(u.native, drawn.one_in(uncached_one_in));
  if (!u.ev) return;
  if (u.native) u.what = for_native(u.what, foreign);
  u.name = u.ev.get_ticket();
  u.expected = u.written + 1;
  u.rounds = u.what == plan::wait_again ? 1 + drawn.below(2) : u.what == plan::cancel_and_signal ? 1 : 0;
  u.deadline = never;
  u.cancel_won = false;
  u.was_cancelled = false;
  ++(is_certain(u.what) ? books_.certain : books_.raced).uses;
  carry_out(u, std::chrono::microseconds(drawn.below(256)));
}

/// Without any, a breach has been told.
event producer::acquire(bool& native, bool uncached) {
  if (native) {
    if (auto got = shared_.native_pool.acquire()) return std::move(*got);
    native = false;  // the native pool is small on purpose
  }
  auto got = uncached ? shared_.pool.acquire() : cache_->acquire();
  if (got) return std::move(*got);
  shared_.wrong.add(fmt::format("no event to be had: {}", got.error().message()));
  return {};
}

void producer::carry_out(use& u, std::chrono::microseconds soon) {
  switch (u.what) {
    case plan::signal_after_submit:
    case plan::wait_again:
      submit(u);
      expect(signal(u), signal_result::delivered, u);
      break;
    case plan::signal_twice:
      submit(u);
      expect(signal(u), signal_result::delivered, u);
      signal(u);  // coalesced, kept or stale, as the loop is quick
      break;
    case plan::signal_before_submit:
      expect(signal(u), signal_result::delivered, u);
      submit(u);
      break;
    case plan::coalesce_before_submit:
      u.expected = u.written + 2;  // one completion, which sees what both wrote
      expect(signal(u), signal_result::delivered, u);
      expect(signal(u), signal_result::coalesced, u);
      submit(u);
      break;
    case plan::peer_signals:
      submit(u);
      ask_peer({favour::signal, u.name, &u});
      break;
    case plan::peer_or_deadline:
      u.deadline = clock::now() + soon;
      submit(u);
      ask_peer({favour::race, u.name, &u});
      break;
    case plan::peer_or_cancel:
      submit(u);
      ask_peer({favour::race, u.name, &u});
      u.cancel_won = u.name.cancel();
      break;
    case plan::cancel:
      submit(u);
      u.cancel_won = u.name.cancel();
      break;
    case plan::cancel_and_signal:
      submit(u);
      u.cancel_won = u.name.cancel();
      expect(signal(u), signal_result::delivered, u);
      break;
    case plan::time_out:
      u.deadline = clock::now() + soon;
      submit(u);
      break;
    case plan::peer_releases:
      u.now.store(phase::waiting, std::memory_order_relaxed);  // the request hands it over
      ask_peer({favour::release, u.name, &u});
      break;
    case plan::release_signalled:
      expect(signal(u), signal_result::delivered, u);
      ++books_.certain.dropped;
      finish(u);
      break;
    case plan::release:
      finish(u);
      break;
    case plan::block_signalled:
      expect(signal(u), signal_result::delivered, u);
      block(u, never);
      break;
    case plan::block_for_peer:
      ask_peer({favour::race, u.name, &u});
      block(u, clock::now() + soon);
      break;
    case plan::foreign_signal:
      signal_foreign(u);
      break;
  }
}

void producer::submit(use& u) {
  ++books_.submitted;
  u.submit();
}

void producer::block(use& u, time_point deadline) {
  const auto waited = u.ev.wait_until(deadline);
  ++books_.blocked;
  if (waited) {
    ++(is_certain(u.what) ? books_.certain : books_.raced).consumed;
  } else if (waited.error() == errc::timed_out && clock::now() >= deadline) {
    ++books_.timed_out;
  } else {
    shared_.wrong.add(fmt::format("a blocking wait ended with: {}", waited.error().message()));
  }
  finish(u);
}

void producer::signal_foreign(use& u) {
  const auto handle = u.ev.native_signal();
  if (!handle) {
    shared_.wrong.add(fmt::format("no native handle: {}", handle.error().message()));
    return;
  }
  if (u.hand_back) u.late_handle = ::fcntl(static_cast<int>(*handle), F_DUPFD_CLOEXEC, 0);
  ++books_.certain.foreign;
  submit(u);
  // Relaxed: the order is the kernel's; what a completion before this write would mean is a signal out of nowhere.
  std::atomic_ref{u.written}.fetch_add(1, std::memory_order_relaxed);
  write_foreign(static_cast<int>(*handle));
}

/// Late: the event is somebody else's by now, and must not notice.
void producer::write_late(use& u) {
  if (u.late_handle < 0) return;
  write_foreign(u.late_handle);
  if (::close(std::exchange(u.late_handle, -1)) != 0) shared_.wrong.add("a duplicate cannot be closed");
}

void producer::write_foreign(int handle) {
  constexpr std::uint64_t one = 1;
  if (::write(handle, &one, sizeof one) != sizeof one) {
    shared_.wrong.add(fmt::format("a native handle cannot be written: {}", std::generic_category().message(errno)));
  }
}

void producer::signal_late(std::uint64_t drawn) {
  const ticket& old = old_names_[drawn % old_names_.size()];
  if (old == ticket{}) return;
  const signal_result result = old.signal();
  books_.certain.count(result);
  if (result != signal_result::stale || !old.expired() || old.cancel()) {
    shared_.wrong.add("the ticket of a released event reached a later use");
  }
}

}  // namespace chime::soak
