// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Tickets of a use that is over, against the release and the next use of the same event (src/event, src/pool, src/proactor
/// over a modelled kernel), which comes from the pool or from a cache. The next use is completed by its own ticket alone.
#include "loop_stage.hpp"

#include <utility>

namespace explore = chime::explore;
using namespace chime::models;
using chime::event;
using chime::event_cache;
using chime::signal_result;
using chime::ticket;

namespace {

chime::pool_options only_event() {
  chime::pool_options how;
  how.initial_capacity = how.maximum_capacity = 1;
  return how;
}

/// Gives its event back as soon as it gets it, inside the poll.
struct releasing_record : wait_record {
  void done(chime::completion&& d) {
    wait_record::done(std::move(d));
    ev.reset();
  }
};

// What everybody does with the only event there is, and what has to come of it.
struct two_uses {
  loop_stage s{{}, only_event()};
  ticket first;
  ticket second;
  releasing_record w1;
  wait_record w2;
  flag first_is_known;
  bool second_signalled = false;  // a ghost
  bool first_cancelled = false;
  unsigned stale = 0;

  void begin_first(event ev) {
    first = ev.get_ticket();
    std::move(ev).submit(chime::callback::to<&releasing_record::done>(w1));
    first_is_known.raise();
  }
  void use_first_late() {
    first_is_known.await();
    stale += first.signal() == signal_result::stale ? 1U : 0U;
    first_cancelled = first.cancel();
    stale += first.signal() == signal_result::stale ? 1U : 0U;
  }
  void begin_second(event ev) {
    second = ev.get_ticket();
    check(second != first, "two uses have the same ticket");
    std::move(ev).submit(w2.then());
    second_signalled = true;
    check(second.signal() == signal_result::delivered, "the only signal was not delivered");
  }
  void poll_both() {
    s.poll_until(w1);
    s.poll_until(w2);
    check(second_signalled && w2.succeeded(), "the second use was not completed by its own ticket");
  }
  void finish() {
    check(w1.succeeded() && !first_cancelled, "a late cancel met something");
    check(first.expired() && first.signal() == signal_result::stale && !first.cancel(), "a ticket outlived its use");
    check(s.pool->stats().stale_signals == stale + 1, "the stale signals were counted wrongly");
    w2.ev.reset();
    s.finish();
  }
};

[[nodiscard]] event acquire_at_last(auto& from) {
  for (;;) {
    if (auto got = from.acquire(); got.has_value()) return std::move(*got);
    chime::sync::relax();
  }
}

TEST(late_ticket_model, against_release_in_a_poll_and_another_threads_use) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    two_uses u;
    u.begin_first(u.s.acquire());
    explore::threads([&] { u.use_first_late(); }, [&] { u.begin_second(acquire_at_last(*u.s.pool)); },
                     [&] { u.poll_both(); });
    u.finish();
  });
}

// The event goes home by the ring to the cache that it came from.
TEST(late_ticket_model, against_return_to_a_cache_and_its_next_use) {
  const auto body = [] {
    two_uses u;
    explore::threads([&] { u.use_first_late(); },
                     [&] {
                       event_cache mine(*u.s.pool);
                       u.begin_first(acquire_at_last(mine));
                       u.begin_second(acquire_at_last(mine));
                     },
                     [&] { u.poll_both(); });
    u.finish();
  };
  expect_holds({.preemptions = 1, .stale_reads = 1}, body);
  expect_holds_at_random({.preemptions = 6, .stale_reads = 3, .max_executions = 100'000}, body);
}

// Without a wait: the holder releases into its cache and takes the event out again, by plain stores.
TEST(late_ticket_model, against_release_into_a_cache_and_its_next_use) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] {
    loop_stage s({}, only_event());
    ticket first;
    flag handed;
    unsigned delivered = 0;
    explore::threads(
        [&] {
          handed.await();
          for (int i = 0; i < 2; ++i) delivered += first.signal() != signal_result::stale ? 1U : 0U;
          check(!first.cancel(), "a late cancel met something");
        },
        [&] {
          event_cache mine(*s.pool);
          event ev = acquire_at_last(mine);
          first = ev.get_ticket();
          handed.raise();
          ev.reset();
          ev = acquire_at_last(mine);
          const auto waited = ev.wait_until(long_ago);
          check(!waited.has_value(), "a late signal was kept for the next use");
          check(waited.error() == chime::errc::timed_out, "the wrong error");
        });
    check(s.pool->stats().stale_signals == 2 - delivered, "the stale signals were counted wrongly");
    s.finish();
  });
}

}  // namespace
