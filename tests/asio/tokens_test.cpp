// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Completion tokens, and what handlers bring along: executors, allocators, cancellation slots.
#include "fixture.hpp"

#ifndef CHIME_TEST_BOOST_ASIO
#include <asio/bind_allocator.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#endif

namespace asio_test {
namespace {

using AsioTokens = in_asio;
AS_A_GUEST(AsioTokens);

TEST_P(AsioTokens, ACallbackIsCalledOnceAndTheEventGoesBack) {
  outcome seen;
  chime::event ev = acquire();
  const chime::ticket signaller = ev.get_ticket();
  the_guest->async_wait(std::move(ev), seen.handler());
  std::jthread other([signaller] { EXPECT_EQ(signaller.signal(), chime::signal_result::delivered); });
  run();
  EXPECT_EQ(seen.completions, 1);
  EXPECT_FALSE(seen.error);
  EXPECT_EQ(held(), 0U);
  other.join();
  EXPECT_EQ(signaller.signal(), chime::signal_result::stale);
}

TEST_P(AsioTokens, NoHandlerRunsInsideTheCallThatBeginsTheWait) {
  outcome outer;
  outcome inner;
  const auto wait_for_signalled = [&](auto handler) {
    chime::event ev = acquire();
    ev.get_ticket().signal();
    the_guest->async_wait(std::move(ev), std::move(handler));
  };
  wait_for_signalled([&](error_code) {
    ++outer.completions;
    wait_for_signalled(inner.handler());
    EXPECT_EQ(inner.completions, 0);
  });
  EXPECT_EQ(outer.completions, 0);
  run();
  EXPECT_EQ(outer.completions, 1);
  EXPECT_EQ(inner.completions, 1);
}

TEST_P(AsioTokens, TheFreeFunctionIsTheSame) {
  outcome forever;
  outcome until;
  outcome kept;
  chime::event mine = acquire();
  mine.get_ticket().signal();
  chime::event ev = acquire();
  ev.get_ticket().signal();
  chime::async_wait(*the_guest, std::move(ev), forever.handler());
  chime::async_wait(*the_guest, acquire(), clock::now(), until.handler());
  chime::async_wait(*the_guest, mine, kept.handler());
  run();
  EXPECT_TRUE(forever.completions == 1 && !forever.error);
  EXPECT_EQ(until.error, error_code(host::error::timed_out));
  EXPECT_TRUE(kept.completions == 1 && !kept.error && mine);
  mine.reset();
}

TEST_P(AsioTokens, AnEventThatIsLentComesBackForAnotherWait) {
  chime::event ev = acquire();
  const chime::ticket signaller = ev.get_ticket();
  for (int wait = 0; wait < 3; ++wait) {
    outcome seen;
    the_guest->async_wait(ev, clock::now() + 30s, [&, note = seen.handler()](error_code e) mutable {
      note(e);
      EXPECT_TRUE(ev);
    });
    EXPECT_FALSE(ev);
    EXPECT_EQ(signaller.signal(), chime::signal_result::delivered);
    run();
    EXPECT_EQ(seen.completions, 1);
    EXPECT_FALSE(seen.error);
  }
  EXPECT_EQ(ev.get_ticket(), signaller);
  ev.reset();
}

TEST_P(AsioTokens, AFutureGetsTheOutcome) {
  chime::event ev = acquire();
  const chime::ticket signaller = ev.get_ticket();
  auto signalled = the_guest->async_wait(std::move(ev), host::use_future);
  // Got by the thread that runs the host: ThreadSanitizer does not see how the C++ library counts an exception's owners.
  auto late = the_guest->async_wait(acquire(), clock::now() + 1ms, host::use_future);
  std::jthread other([signaller] { signaller.signal(); });
  run();
  EXPECT_NO_THROW(signalled.get());
  try {
    late.get();
    ADD_FAILURE() << "a wait that nobody signalled succeeded";
  } catch (const system_error& e) {
    EXPECT_EQ(e.code(), error_code(host::error::timed_out));
  }
}

TEST_P(AsioTokens, ACoroutineAwaits) {
  int steps = 0;
  chime::ticket second;
  const auto waits = [&]() -> host::awaitable<void> {
    chime::event ev = acquire();
    ev.get_ticket().signal();
    co_await the_guest->async_wait(std::move(ev), host::use_awaitable);
    ++steps;
    ev = acquire();
    second = ev.get_ticket();
    co_await the_guest->async_wait(std::move(ev), clock::now() + 30s, host::use_awaitable);
    ++steps;
    try {
      co_await chime::async_wait(*the_guest, acquire(), clock::now() + 1ms, host::use_awaitable);
    } catch (const system_error& e) {
      if (e.code() == error_code(host::error::timed_out)) ++steps;
    }
  };
  host::co_spawn(io, waits, host::detached);
  settle();
  EXPECT_EQ(steps, 1);
  std::jthread other([&second] { second.signal(); });
  run();
  EXPECT_EQ(steps, 3);
}

TEST_P(AsioTokens, ErrorsCompareWithTheHostsCodesAndWithChimesConditions) {
  outcome late;
  outcome stopped;
  chime::event ev = acquire();
  const chime::ticket canceller = ev.get_ticket();
  the_guest->async_wait(acquire(), clock::now() + 1ms, late.handler());
  the_guest->async_wait(std::move(ev), stopped.handler());
  EXPECT_TRUE(canceller.cancel());
  run();
  EXPECT_EQ(late.error, error_code(host::error::timed_out));
  EXPECT_TRUE(late.error == chime::errc::timed_out);
  EXPECT_FALSE(late.error == chime::errc::cancelled);
  EXPECT_EQ(stopped.error, error_code(host::error::operation_aborted));
  EXPECT_TRUE(stopped.error == chime::errc::cancelled);
}

TEST_P(AsioTokens, AHandlerRunsOnItsExecutorAndKeepsItBusy) {
  host::io_context elsewhere{1};
  std::thread::id ran_on;
  std::atomic<bool> over{false};
  chime::event ev = acquire();
  const chime::ticket signaller = ev.get_ticket();
  the_guest->async_wait(std::move(ev), host::bind_executor(elsewhere.get_executor(),
                                                           [&](error_code) { ran_on = std::this_thread::get_id(); }));
  EXPECT_EQ(elsewhere.poll(), 0U);
  EXPECT_FALSE(elsewhere.stopped()) << "nothing keeps the handler's executor busy";
  std::thread there([&] {
    elsewhere.run();
    over = true;
  });
  const std::thread::id expected = there.get_id();
  signaller.signal();
  run();
  there.join();
  EXPECT_TRUE(over);
  EXPECT_EQ(ran_on, expected);
}

TEST_P(AsioTokens, AStrandOfTheHostIsAnExecutorLikeAnyOther) {
  auto strand = host::make_strand(io);
  bool inside = false;
  chime::event ev = acquire();
  ev.get_ticket().signal();
  the_guest->async_wait(std::move(ev),
                        host::bind_executor(strand, [&](error_code) { inside = strand.running_in_this_thread(); }));
  run();
  EXPECT_TRUE(inside);
}

/// Counts what is taken and given back.
struct ledger {
  int taken = 0;
  int out = 0;
};
template <class T>
struct counting_allocator {
  using value_type = T;
  ledger* book;
  explicit counting_allocator(ledger& b) : book(&b) {}
  template <class U>
  counting_allocator(const counting_allocator<U>& other) : book(other.book) {}  // NOLINT(google-explicit-constructor)
  T* allocate(std::size_t n) {
    ++book->taken;
    ++book->out;
    return std::allocator<T>().allocate(n);
  }
  void deallocate(T* block, std::size_t n) {
    --book->out;
    std::allocator<T>().deallocate(block, n);
  }
  friend bool operator==(const counting_allocator&, const counting_allocator&) = default;
};

struct allocating_handler {
  using allocator_type = counting_allocator<void>;
  ledger* book;
  int* out_when_called;
  [[nodiscard]] allocator_type get_allocator() const { return allocator_type(*book); }
  void operator()(error_code) const { *out_when_called = book->out; }
};

TEST_P(AsioTokens, MemoryComesFromTheHandlersAllocatorAndIsBackWhenItRuns) {
  ledger book;
  int out_when_called = -1;
  chime::event ev = acquire();
  ev.get_ticket().signal();
  the_guest->async_wait(std::move(ev), allocating_handler{&book, &out_when_called});
  EXPECT_EQ(book.out, 1);
  run();
  EXPECT_EQ(book.taken, 1);
  EXPECT_EQ(out_when_called, 0);
  EXPECT_EQ(book.out, 0);
}

TEST_P(AsioTokens, AMoveOnlyHandler) {
  auto owned = std::make_unique<int>(0);
  int* const count = owned.get();
  auto sink = std::make_shared<std::unique_ptr<int>>();
  chime::event ev = acquire();
  ev.get_ticket().signal();
  the_guest->async_wait(std::move(ev), [mine = std::move(owned), sink](error_code) mutable {
    ++*mine;
    *sink = std::move(mine);
  });
  run();
  EXPECT_EQ(*count, 1);
}

#if __has_include(<asio/cancellation_signal.hpp>) && !defined(CHIME_TEST_BOOST_ASIO)

TEST_P(AsioTokens, ACancellationSlotCancels) {
  host::cancellation_signal stop;
  outcome seen;
  the_guest->async_wait(acquire(), host::bind_cancellation_slot(stop.slot(), seen.handler()));
  settle();
  EXPECT_EQ(seen.completions, 0);
  stop.emit(host::cancellation_type::terminal);
  run();
  EXPECT_EQ(seen.completions, 1);
  EXPECT_EQ(seen.error, error_code(host::error::operation_aborted));
}

TEST_P(AsioTokens, ALateCancellationDoesNotHitTheNextUse) {
  host::cancellation_signal stop;
  outcome first;
  outcome next;
  // The pool has many events; a lent one is the same for certain.
  chime::event ev = acquire();
  const chime::ticket signaller = ev.get_ticket();
  signaller.signal();
  the_guest->async_wait(ev, host::bind_cancellation_slot(stop.slot(), [&](error_code e) {
                          first.handler()(e);
                          EXPECT_FALSE(stop.slot().has_handler());
                          the_guest->async_wait(ev, next.handler());
                          stop.emit(host::cancellation_type::terminal);
                        }));
  settle();
  EXPECT_EQ(first.completions, 1);
  EXPECT_FALSE(first.error);
  EXPECT_EQ(next.completions, 0);
  signaller.signal();
  run();
  EXPECT_EQ(next.completions, 1);
  EXPECT_FALSE(next.error);
  ev.reset();
}

TEST_P(AsioTokens, ACancelledSlotsEventIsOutUntilItsHandlerRuns) {
  // A slot has the event's ticket, which must not outlive the pool: until the slot is empty close() says "out".
  host::cancellation_signal stop;
  host::io_context elsewhere{1};
  outcome seen;
  chime::event ev = acquire();
  ev.get_ticket().signal();
  the_guest->async_wait(std::move(ev), host::bind_cancellation_slot(
                                           stop.slot(), host::bind_executor(elsewhere.get_executor(), seen.handler())));
  run();
  EXPECT_EQ(seen.completions, 0);
  EXPECT_EQ(held(), 1U);
  stop.emit(host::cancellation_type::all);
  elsewhere.run();
  EXPECT_EQ(seen.completions, 1);
  EXPECT_FALSE(seen.error);
  EXPECT_EQ(held(), 0U);
}

TEST_P(AsioTokens, WhoeverOfTwoAwaitedComesFirstCancelsTheOther) {
  using namespace host::experimental::awaitable_operators;
  int done = 0;
  const auto waits = [&]() -> host::awaitable<void> {
    host::steady_timer soon(io, 1ms);
    const auto first =
        co_await (the_guest->async_wait(acquire(), host::use_awaitable) || soon.async_wait(host::use_awaitable));
    EXPECT_EQ(first.index(), 1U);
    host::steady_timer late(io, 1h);
    chime::event ev = acquire();
    ev.get_ticket().signal();
    const auto second =
        co_await (the_guest->async_wait(std::move(ev), host::use_awaitable) || late.async_wait(host::use_awaitable));
    EXPECT_EQ(second.index(), 0U);
    ++done;
  };
  host::co_spawn(io, waits, host::detached);
  run();
  EXPECT_EQ(done, 1);
}

#endif

}  // namespace
}  // namespace asio_test
