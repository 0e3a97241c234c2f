// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Native events that are sent to another process over a UNIX socket and signalled there, handles that come from there and are
/// waited for here, and the death of either side.
#include <sys/syscall.h>

#include "imported.hpp"
#include "peer.hpp"

namespace conformance {
namespace {

using chime::drain;
using faults::peer;
using faults::words;

struct sent_event : in_world {
  void SetUp() override {
    in_world::SetUp();
    if (!IsSkipped()) open_pool({.initial_capacity = 1, .maximum_capacity = 1});
  }
  [[nodiscard]] bool is_pipe() const { return GetParam().events == world::kind::native_pipe; }
  [[nodiscard]] char write() const { return is_pipe() ? words::write1 : words::write8; }
  static void send(peer& other, const chime::event& ev) {
    EXPECT_EQ(other.tell(words::take, static_cast<int>(ev.native_signal().value())), words::done);
  }
  void expect_success(waiter& w) {
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::success);
  }
  /// The event, in this use and the next, serves as if nobody else had ever had it.
  void expect_usable(chime::event ev) {
    for (int use = 0; use < 2; ++use) {
      const chime::ticket t = ev.get_ticket();
      waiter& w = submit(std::move(ev));
      let_the_loop_see();
      t.signal();
      expect_success(w);
      w.ev.reset();
      ev = acquire();
    }
  }
};
IN_EVERY_NATIVE_WORLD(sent_event);

TEST_P(sent_event, completes_the_wait_when_it_is_signalled_there) {
  peer other;
  chime::event ev = acquire();
  send(other, ev);
  for (int round = 0; round < 3; ++round) {
    waiter& w = submit(std::move(ev), clock::now() + 1h);
    let_the_loop_see();
    EXPECT_EQ(other.tell(write()), words::done);
    expect_success(w);
    ev = std::move(w.ev);
  }
  EXPECT_EQ(other.tell(write()), words::done);
  expect_success(submit(std::move(ev)));  // signalled before the wait
}

TEST_P(sent_event, wakes_the_loop_that_sleeps) {
  peer other;
  chime::event ev = acquire();
  send(other, ev);
  waiter& w = submit(std::move(ev), clock::now() + 1h);
  {
    runner runs(loop);
    runs.until_asleep();
    EXPECT_EQ(other.tell(write()), words::done);
    EXPECT_TRUE(eventually([&] { return loop.stats().completions == 1; }));
  }
  EXPECT_EQ(w.outcome(), outcome::success);
}

TEST_P(sent_event, whose_receiver_dies_before_it_writes_leaves_deadline_and_cancel) {
  for (const bool cancels : {false, true}) {
    peer other;
    chime::event ev = acquire();
    send(other, ev);
    const chime::ticket t = ev.get_ticket();
    waiter& w = submit(std::move(ev), clock::now() + (cancels ? 1h : std::chrono::nanoseconds(10ms)));
    ASSERT_TRUE(loop.poll());
    other.kill();
    if (cancels) {
      let_the_loop_see();
      EXPECT_TRUE(t.cancel());
    }
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), cancels ? outcome::cancelled : outcome::timed_out);
    expect_usable(std::move(w.ev));
  }
}

TEST_P(sent_event, whose_receiver_dies_after_it_has_written_is_heard) {
  for (const bool waits_before : {false, true}) {
    peer other;
    chime::event ev = acquire();
    send(other, ev);
    waiter* w = nullptr;
    if (waits_before) {
      w = &submit(std::move(ev), clock::now() + 1h);
      let_the_loop_see();
    }
    EXPECT_EQ(other.tell(write()), words::done);
    other.kill();
    if (!waits_before) w = &submit(std::move(ev), clock::now() + 1h);
    expect_success(*w);
    expect_usable(std::move(w->ev));
  }
}

/// The use has ended, and its pool has replaced the primitive: the other process still holds the old one.
TEST_P(sent_event, that_was_released_is_not_reached_by_the_receiver_any_more) {
  peer other;
  {
    const chime::event ev = acquire();
    send(other, ev);
  }
  chime::event next = acquire();
  // A pipe has lost its reader; an eventfd counts for nobody.
  EXPECT_EQ(other.tell(write()), is_pipe() ? words::broken : words::done);
  waiter& w = submit(std::move(next));
  let_the_loop_see();
  EXPECT_EQ(w.completions, 0);
  pool.cancel_all();
  ASSERT_TRUE(complete(w));
  expect_usable(std::move(w.ev));
}

/// The owner opens a loop and a pool in a process of its own, sends its event, waits, and is killed.
TEST_P(sent_event, whose_owner_dies_does_the_receiver_no_harm_that_it_has_not_been_told_of) {
  for (const bool dies_by_sigpipe : {false, true}) {
    peer other(dies_by_sigpipe);
    descriptor_pair ready = descriptor_pair::sockets();
    const pid_t owner = ::fork();
    if (owner == 0) {
      ::alarm(30);
      chime::proactor own_loop;
      chime::event_pool own_pool;
      if (!own_loop.open(on_this_backend()) || !own_pool.open(own_loop, of_this_kind())) ::_exit(1);
      chime::event ev = std::move(*own_pool.acquire());
      const int handle = static_cast<int>(ev.native_signal().value());
      if (!faults::send_letter(ready.second, words::done, handle)) ::_exit(2);
      waiter w;
      std::move(ev).submit(w);
      for (;;) (void)own_loop.poll(-1ns);
    }
    ASSERT_TRUE(eventually([&] { return is_readable(ready.first); }));
    int handle = -1;
    ASSERT_EQ(faults::receive_letter(ready.first, handle), words::done);
    const descriptor kept(handle);
    EXPECT_EQ(other.tell(words::take, handle), words::done);
    EXPECT_EQ(other.tell(write()), words::done) << "the owner lives";
    ASSERT_EQ(::kill(owner, SIGKILL), 0);
    ASSERT_EQ(::waitpid(owner, nullptr, 0), owner);
    // The kernel takes a dead process's ring down later, and with it the files of its reads.
    const auto reader_is_gone = [&] {
      pollfd look{kept, POLLOUT, 0};
      return ::poll(&look, 1, 0) == 1 && (look.revents & POLLERR) != 0;
    };
    ASSERT_TRUE(!is_pipe() || eventually(reader_is_gone));
    if (is_pipe() && dies_by_sigpipe) {
      EXPECT_EQ(other.tell(write()), '\0');
      const int status = other.ended();
      EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE) << "documented: a pipe's writer must ignore it";
    } else {
      EXPECT_EQ(other.tell(write()), is_pipe() ? words::broken : words::done);
    }
  }
}

struct received_handle : importing {};
ON_EVERY_BACKEND(received_handle);

TEST_P(received_handle, is_drained_each_time_it_is_signalled_there) {
  for (const char kind : {words::give, words::give_pipe}) {
    peer other;
    ASSERT_EQ(other.tell(kind), words::done);
    const descriptor handle(other.received());
    const drain policy = kind == words::give ? drain::eventfd : drain::pipe;
    const char write = kind == words::give ? words::write8 : words::write1;
    for (int round = 0; round < 3; ++round) {
      wait& one = start(handle, policy);
      let_the_loop_see();
      for (int i = 0; i <= round; ++i) EXPECT_EQ(other.tell(write), words::done);
      ASSERT_TRUE(complete(one.w));
      EXPECT_EQ(one.w.outcome(), outcome::success);
      EXPECT_EQ(one.drained(), static_cast<std::uint64_t>(round + 1));
    }
  }
}

TEST_P(received_handle, whose_sender_dies_after_it_has_written_is_heard) {
  for (const char kind : {words::give, words::give_pipe}) {
    peer other;
    ASSERT_EQ(other.tell(kind), words::done);
    const descriptor handle(other.received());
    const drain policy = kind == words::give ? drain::eventfd : drain::pipe;
    EXPECT_EQ(other.tell(kind == words::give ? words::write8 : words::write1), words::done);
    other.kill();
    expect_takes(handle, policy, 1);
  }
}

TEST_P(received_handle, whose_sender_dies_without_a_word_is_told_by_a_pipe_alone) {
  for (const char kind : {words::give, words::give_pipe}) {
    peer other;
    ASSERT_EQ(other.tell(kind), words::done);
    const descriptor handle(other.received());
    const bool is_pipe = kind == words::give_pipe;
    wait& one = start(handle, is_pipe ? drain::pipe : drain::eventfd, clock::now() + (is_pipe ? 1h : 1ms * 20));
    ASSERT_TRUE(loop.poll());
    other.kill();
    ASSERT_TRUE(complete(one.w));
    if (is_pipe) {
      EXPECT_EQ(one.w.error, std::error_code(EPIPE, std::system_category()));
    } else {
      EXPECT_EQ(one.w.outcome(), outcome::timed_out);
    }
    EXPECT_EQ(one.drained(), 0U);
  }
}

/// What an eventfd cannot tell, the process itself does.
TEST_P(received_handle, whose_sender_dies_is_told_by_its_pidfd) {
  peer other;
  const descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, other.id(), 0)));
  wait& one = start(process, drain::fence);
  let_the_loop_see();
  EXPECT_EQ(other.tell(words::give), words::done);
  const descriptor handle(other.received());
  let_the_loop_see();
  other.kill();
  ASSERT_TRUE(complete(one.w));
  EXPECT_EQ(one.w.outcome(), outcome::success);
}

}  // namespace
}  // namespace conformance
