// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Homes (src/pool/home.cpp, src/pool/return_ring.hpp): what the polling thread sends back against the owner that acquires,
/// against caches that end and begin, against those who find nothing elsewhere, and against close.
#include "pool_stage.hpp"

namespace explore = chime::explore;
using namespace chime::models;

namespace {

constexpr std::size_t enough = 16;  // a maximum that lets the polling thread put two releases off

// Two events go out, come back through the ring in one publication, and are used again, while their owner looks.
TEST(home_model, sent_back_against_the_owner) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    pool_stage s(2, enough, true);
    std::array<cell*, 2> out{};
    flag handed;
    explore::threads(
        [&] {
          cache mine(*s.pool);
          for (cell*& c : out) c = s.acquire(1, mine);
          handed.raise();
          for (int i = 0; i < 2; ++i) {
            cell* const c = s.acquire(1, mine);
            check(c != nullptr, "exhausted was said although there was an event");
            s.release(*c);
          }
        },
        [&] { s.send_back(handed, out); });
    s.finish(s.pool->stats().made);
  });
}

// The cache ends while its event is on its way back, and another begins: nothing is lost in the ring between them.
TEST(home_model, sent_back_against_the_end_of_the_cache_and_the_next_one) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    pool_stage s(1, enough, true);
    cell* out = nullptr;
    flag handed;
    explore::threads(
        [&] {
          {
            cache first(*s.pool);
            out = s.acquire(1, first);
            handed.raise();
          }
          cache second(*s.pool);
          if (cell* const c = s.acquire(1, second); c != nullptr) s.release(*c);
        },
        [&] { s.send_back(handed, {&out, 1}); });
    s.finish(s.pool->stats().made);
  });
}

// The only event may lie in the ring of a home that nobody has: whoever knows of its release finds it there.
void release_to_a_home_without_cache(bool two_look) {
  pool_stage s(1, 1, true);
  cell* out = nullptr;
  flag handed;
  flag released;
  const auto look = [&](int me) {
    released.await();
    if (cell* const c = s.acquire(me); c != nullptr) return s.release(*c);
    check(two_look, "exhausted was said although the only event was free");
  };
  explore::threads(
      [&] {
        {
          cache mine(*s.pool);
          out = s.acquire(1, mine);
          handed.raise();
        }
        look(1);
      },
      [&] {
        s.send_back(handed, {&out, 1});
        released.raise();
        if (two_look) look(2);
      });
  s.finish(1);
}
TEST(home_model, exhausted_is_not_said_for_what_lies_in_a_home_that_nobody_has) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] { release_to_a_home_without_cache(false); });
}
TEST(home_model, two_threads_sweep_a_home_that_nobody_has) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] { release_to_a_home_without_cache(true); });
}

// One home is taken over while another is left: an event lies where it can be found all the time, if not always the same.
// The new cache does what settle() does, slow between its look at the first home and its take-over of the last.
void leave_one_home_and_take_over_another(bool left_in_the_poll) {
  constexpr auto nobody = chime::detail::home::nobody;
  pool_stage s(enough, enough, true);
  std::array<cell*, enough - 1> held{};
  for (cell*& c : held) c = &s.must_acquire(0);
  std::optional<cache> of_last(std::in_place, *s.pool);  // the list begins with the newest
  cell* const in_last = s.acquire(0, *of_last);
  s.release(*held.back());
  std::optional<cache> of_first(std::in_place, *s.pool);
  cell* const in_first = s.acquire(0, *of_first);
  chime::detail::home& last = *of_last->place();
  chime::detail::home& first = *of_first->place();
  flag last_is_left;
  flag first_is_back;
  explore::threads(
      [&] {
        s.in_poll([&] {
          s.release(*in_last);
          of_last.reset();
        });
        last_is_left.raise();
        s.in_poll([&] {
          s.release(*in_first);
          if (left_in_the_poll) of_first.reset();
        });
        first_is_back.raise();
      },
      [&] {
        last_is_left.await();
        if (!left_in_the_poll) {
          of_first.reset();
        } else if (first.owner.load(std::memory_order_relaxed) == nobody) {
          return;
        }
        first_is_back.await();
        (void)last.pass_on(chime::detail::home::unbound);
      },
      [&] {
        last_is_left.await();
        cell* const c = s.acquire(3);
        check(c != nullptr, "exhausted was said although an event was free all the time");
        s.release(*c);
      });
  if (last.has_cache()) last.leave();
  for (std::size_t i = 0; i + 1 < held.size(); ++i) s.release(*held[i]);
  s.finish(enough);
}
TEST(home_model, exhausted_is_not_said_while_one_home_is_left_and_another_taken_over) {
  for (const bool left_in_the_poll : {true, false}) {
    const auto body = [&] { leave_one_home_and_take_over_another(left_in_the_poll); };
    expect_holds({.preemptions = 2, .stale_reads = 0}, body);
    expect_holds_at_random({.preemptions = 3, .stale_reads = 1, .max_executions = 100'000}, body);
  }
}

// A new cache takes over a home in which an event lies, and keeps it in some cases, while another thread wants an event:
// it is told by the lists, or by the owner that it sees.
void take_over(bool keep) {
  pool_stage s(enough, enough, true);
  std::array<cell*, enough - 1> held{};
  for (cell*& c : held) c = &s.must_acquire(0);
  std::optional<cache> first(std::in_place, *s.pool);
  cell* const e = s.acquire(0, *first);
  explore::threads([&] {
    s.in_poll([&] {
      s.release(*e);
      first.reset();
    });
  });
  std::optional<cache> next;
  explore::threads(
      [&] {
        next.emplace(*s.pool);
        if (!keep) return;
        s.release(*held[0], *next);
        if (explore::choose(2) != 0) next->detach();
      },
      [&] { s.release(s.must_acquire(2)); });
  next.reset();
  for (std::size_t i = keep ? 1 : 0; i < held.size(); ++i) s.release(*held[i]);
  s.finish(enough);
}
TEST(home_model, exhausted_is_not_said_for_what_a_new_cache_finds_in_its_home) {
  for (const bool keep : {false, true}) {
    expect_holds({.preemptions = 2, .stale_reads = 1}, [&] { take_over(keep); });
  }
}

// The owner is not told exhausted for what comes home while it looks elsewhere.
TEST(home_model, exhausted_is_not_said_to_the_owner_for_what_came_home) {
  const auto body = [] {
    pool_stage s(enough, enough, true);
    std::array<cell*, enough - 2> held{};
    for (cell*& c : held) c = &s.must_acquire(0);
    cell* sent = nullptr;
    flag handed;
    flag is_home;
    explore::threads(
        [&] {
          cache mine(*s.pool);
          sent = s.acquire(1, mine);
          cell* const other = s.acquire(1, mine);
          s.disown(*other);
          s.pool->release(*other);  // to everybody
          handed.raise();
          cell* const c = s.acquire(1, mine);
          check(c != nullptr, "exhausted was said although an event was there for the owner all the time");
          s.release(*c, mine);
        },
        [&] {
          s.send_back(handed, {&sent, 1});
          is_home.raise();
        },
        [&] {
          is_home.await();
          if (cell* const c = s.acquire(3); c != nullptr) s.release(*c);
        });
    for (cell* c : held) s.release(*c);
    s.finish(enough);
  };
  expect_holds({.preemptions = 2, .stale_reads = 0}, body);
  expect_holds_at_random({.preemptions = 4, .stale_reads = 1, .max_executions = 100'000}, body);
}

// Closing ends with the last event: the polling thread's publication is its last touch of home and pool.
TEST(home_model, sent_back_against_close) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] {
    pool_stage s(2, enough, true);
    std::array<cell*, 2> out{};
    {
      cache mine(*s.pool);
      for (cell*& c : out) c = s.acquire(0, mine);
    }
    explore::threads(
        [&] {
          s.in_poll([&] {
            for (cell* c : out) s.release(*c);
          });
        },
        [&] {
          while (s.pool->close() != 0) chime::sync::relax();
          s.pool.reset();
        });
    check(s.loop->close().has_value(), "the loop did not close");
  });
}

// The same while the cache still lives for a while.
TEST(home_model, end_of_the_cache_and_close_against_sent_back) {
  expect_holds({.preemptions = 2, .stale_reads = 1}, [] {
    pool_stage s(1, enough, true);
    cell* out = nullptr;
    flag handed;
    explore::threads(
        [&] {
          {
            cache mine(*s.pool);
            out = s.acquire(1, mine);
            handed.raise();
          }
          while (s.pool->close() != 0) chime::sync::relax();
          s.pool.reset();
        },
        [&] { s.send_back(handed, {&out, 1}); });
    check(s.loop->close().has_value(), "the loop did not close");
  });
}

// A cache goes from one thread to another, while the first releases an event that it still holds.
TEST(home_model, detach_against_the_next_owner_and_a_late_release) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] {
    pool_stage s(2, 3);
    cache mine(*s.pool);
    flag handed;
    explore::threads(
        [&] {
          cell* const kept = s.acquire(1, mine);
          cell* const other = s.acquire(1, mine);
          s.release(*other);
          mine.detach();
          handed.raise();
          s.release(*kept);
        },
        [&] {
          handed.await();
          cell* const c = s.acquire(2, mine);
          check(c != nullptr, "exhausted was said although there was an event");
          s.release(*c);
          mine.detach();
        });
    mine.leave();
    s.finish(s.pool->stats().made);
    mine.front = nullptr;
  });
}

// Once close has begun, the inline path takes nothing more, in spite of a stock; whoever binds meanwhile sees it too.
TEST(home_model, close_against_the_first_acquire_of_an_owner) {
  expect_holds({.preemptions = 3, .stale_reads = 1}, [] {
    pool_stage s(3, 3);
    cell& held = s.must_acquire(0);  // so that closing does not end
    flag closing;
    explore::threads(
        [&] {
          cache mine(*s.pool);
          if (const auto got = mine.acquire(); got) s.release(s.own(**got, 1));
          closing.await();
          check(mine.front->take() == nullptr, "an event was taken from a closing pool");
          const auto refused = mine.acquire();
          check(!refused && refused.error() == chime::fault::pool_closed, "a closing pool gave an event");
        },
        [&] {
          (void)s.pool->close();
          closing.raise();
        });
    s.release(held);
    s.finish(3);
  });
}

}  // namespace
