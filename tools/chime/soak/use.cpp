// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "use.hpp"

#include <fmt/format.h>

namespace chime::soak {
namespace {

[[nodiscard]] bool may_succeed(plan p) noexcept { return p != plan::cancel && p != plan::time_out; }
[[nodiscard]] bool may_be_cancelled(plan p) noexcept {
  return p == plan::cancel || p == plan::cancel_and_signal || p == plan::peer_or_cancel;
}
[[nodiscard]] bool may_time_out(plan p) noexcept { return p == plan::time_out || p == plan::peer_or_deadline; }

/// Whether what the signaller has written before its signal is there. Nothing where the signal may come too late: what it would
/// write belongs to somebody else.
[[nodiscard]] bool is_shown(use& u) noexcept {
  if (!is_certain(u.what)) return true;
  if (u.what == plan::foreign_signal) return std::atomic_ref{u.written}.load(std::memory_order_relaxed) == u.expected;
  return u.written == u.expected;
}

}  // namespace

const char* name_of(plan p) noexcept {
  static constexpr const char* names[] = {"signal_after_submit",
                                          "signal_before_submit",
                                          "coalesce_before_submit",
                                          "signal_twice",
                                          "wait_again",
                                          "peer_signals",
                                          "peer_or_deadline",
                                          "peer_or_cancel",
                                          "cancel",
                                          "cancel_and_signal",
                                          "time_out",
                                          "release_signalled",
                                          "release",
                                          "peer_releases",
                                          "block_signalled",
                                          "block_for_peer",
                                          "foreign_signal"};
  return names[static_cast<std::size_t>(p)];
}

bool is_certain(plan p) noexcept {
  switch (p) {
    case plan::signal_twice:
    case plan::peer_or_deadline:
    case plan::peer_or_cancel:
    case plan::block_for_peer:
      return false;
    default:
      return true;
  }
}

void use::submit() noexcept {
  now.store(phase::waiting, std::memory_order_relaxed);  // the loop gets it by the submit
  std::move(ev).submit(callback::to<&use::completed>(*this), deadline);
}

void use::completed(completion&& done) noexcept {
  ledger& books = loop->books;
  ++books.completed;
  if (now.load(std::memory_order_relaxed) != phase::waiting) {
    loop->wrong.add(fmt::format("a wait ({}) completed twice", name_of(what)));
    return;
  }
  check(done.error, is_certain(what) ? books.certain : books.raced);
  if (rounds > 0) {
    wait_again(std::move(done.ev));
    return;
  }
  if (hand_back) {
    ev = std::move(done.ev);
  } else {
    done.ev.reset();  // before the producer learns of it: its ticket must be stale by then
  }
  now.store(phase::done, std::memory_order_release);
}

void use::wait_again(event&& again) noexcept {
  --rounds;
  ++loop->books.submitted;
  std::move(again).submit(callback::to<&use::completed>(*this), deadline);
  if (what == plan::cancel_and_signal) return;  // the signal has come, or is on its way
  ++expected;
  now.store(phase::again, std::memory_order_release);
}

void use::check(std::error_code error, account& book) noexcept {
  ledger& books = loop->books;
  bool allowed = false;
  if (!error) {
    ++book.consumed;
    allowed = may_succeed(what);
    if (!is_shown(*this)) {
      loop->wrong.add(fmt::format("a completion ({}) came before its signal, or did not see what was written before it",
                                  name_of(what)));
    }
  } else if (error == errc::cancelled) {
    ++books.cancelled;
    was_cancelled = true;
    allowed = may_be_cancelled(what);
  } else if (error == errc::timed_out) {
    ++books.timed_out;
    allowed = may_time_out(what) && clock::now() >= deadline;
  }
  if (!allowed) loop->wrong.add(fmt::format("a wait ({}) completed with: {}", name_of(what), error.message()));
}

}  // namespace chime::soak
