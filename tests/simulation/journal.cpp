// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "journal.hpp"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>

namespace chime::simulation {
namespace {

constexpr std::array<std::string_view, step_count> names = {"acquired",
                                                            "acquired from a cache",
                                                            "acquire: exhausted",
                                                            "acquire: no memory",
                                                            "acquire: no descriptor",
                                                            "acquire: closed",
                                                            "released",
                                                            "released to a cache",
                                                            "submitted",
                                                            "submitted after its signal",
                                                            "submitted with a deadline",
                                                            "signal delivered",
                                                            "signal coalesced",
                                                            "signal stale",
                                                            "cancel won",
                                                            "cancel lost",
                                                            "blocked",
                                                            "block ended by a signal",
                                                            "block timed out",
                                                            "handle shown",
                                                            "foreign write",
                                                            "foreign use ended",
                                                            "timer submitted",
                                                            "watch submitted",
                                                            "post submitted",
                                                            "operation: cancel won",
                                                            "operation: cancel lost",
                                                            "drain submitted",
                                                            "drained",
                                                            "imported handle written",
                                                            "imported handle read",
                                                            "socket changed",
                                                            "socket replaced",
                                                            "cache made",
                                                            "cache detached",
                                                            "cache destroyed",
                                                            "woken",
                                                            "stopped",
                                                            "ran until stop",
                                                            "cancelled all",
                                                            "trimmed",
                                                            "looked at stats",
                                                            "pool opened",
                                                            "pool open failed",
                                                            "pool closed",
                                                            "pool close: still out",
                                                            "loop opened on simulated",
                                                            "loop opened on epoll",
                                                            "loop opened on poll",
                                                            "loop opened as a guest",
                                                            "loop open failed",
                                                            "polled",
                                                            "poll failed",
                                                            "host slept",
                                                            "event succeeded",
                                                            "event cancelled",
                                                            "event timed out",
                                                            "event failed",
                                                            "operation succeeded",
                                                            "operation cancelled",
                                                            "operation failed",
                                                            "slept",
                                                            "rang",
                                                            "wrote",
                                                            "read",
                                                            "work started",
                                                            "work finished",
                                                            "fault: early return",
                                                            "fault: interrupted wait",
                                                            "fault: interrupted read",
                                                            "fault: short batch",
                                                            "fault: wait failed",
                                                            "fault: reordered",
                                                            "fault: no room",
                                                            "fault: start refused",
                                                            "fault: ready at once",
                                                            "fault: failed result",
                                                            "fault: late stop",
                                                            "fault: late stop overtaken",
                                                            "fault: results within a call",
                                                            "fault: no memory",
                                                            "fault: no descriptors",
                                                            "fault: number reused",
                                                            "fault: primitive full",
                                                            "fault: futex spurious",
                                                            "fault: clock jump",
                                                            "fault: thread between",
                                                            "fault: backend missing"};

}  // namespace

std::string_view name_of(step s) { return names[static_cast<std::size_t>(s)]; }

void journal::note(step s, std::int64_t now_ns, unsigned thread, std::int64_t a, std::int64_t b) noexcept {
  ++counts_[static_cast<std::size_t>(s)];
  const std::int64_t values[] = {static_cast<std::int64_t>(s), now_ns, static_cast<std::int64_t>(thread), a, b};
  for (const std::int64_t v : values) hash_ = (hash_ ^ static_cast<std::uint64_t>(v)) * 1099511628211ULL;
  const entry e{now_ns, a, b, s, thread};
  last_[steps_++ % remembered] = e;
  if (prints_) print(e);
}

void journal::print(const entry& e) noexcept {
  const std::string_view name = name_of(e.what);
  std::fprintf(stderr, "%16.3f us  thread %u  %-30.*s %8" PRId64 " %8" PRId64 "\n",
               static_cast<double>(e.now_ns) / 1000.0, e.thread, static_cast<int>(name.size()), name.data(), e.a, e.b);
}

void journal::fail(const char* what, std::int64_t a, std::int64_t b) const noexcept {
  if (!prints_) {
    std::fputs("the last steps:\n", stderr);
    for (std::uint64_t i = steps_ > remembered ? steps_ - remembered : 0; i < steps_; ++i) print(last_[i % remembered]);
  }
  std::fprintf(stderr,
               "simulation: seed %" PRIu64 " failed at step %" PRIu64 ": %s (%" PRId64 ", %" PRId64
               ")\nreplay it, every step told: ./dev simulate %" PRIu64 "\n",
               seed_, steps_, what, a, b, seed_);
  std::abort();
}

}  // namespace chime::simulation
