// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// One-shot watches of handles (L1, L4).
#include <fcntl.h>
#include <unistd.h>

#include "world.hpp"

namespace conformance {
namespace {

using chime::interest;

struct watch : in_world {
  waiter& start(chime::operation& op, chime::native_handle handle, interest wanted) {
    waiter& w = make_waiter();
    loop.submit(op, w, handle, wanted);
    return w;
  }
  waiter& start(chime::native_handle handle, interest wanted) { return start(make_operation(), handle, wanted); }
};
ON_EVERY_BACKEND(watch);

TEST_P(watch, tells_that_a_pipe_becomes_readable) {
  const descriptor_pair ends = descriptor_pair::pipe();
  waiter& w = start(ends.first, interest::readable);
  let_the_loop_see();
  ASSERT_TRUE(write_byte(ends.second));
  ASSERT_TRUE(complete(w));
  EXPECT_EQ(w.outcome(), outcome::success);
}

TEST_P(watch, tells_that_a_pipe_is_readable_already) {
  const descriptor_pair ends = descriptor_pair::pipe();
  ASSERT_TRUE(write_byte(ends.second));
  waiter& w = start(ends.first, interest::readable);
  ASSERT_TRUE(complete(w));
  EXPECT_EQ(w.outcome(), outcome::success);
}

TEST_P(watch, tells_once_and_again_when_it_is_submitted_again) {
  const descriptor_pair ends = descriptor_pair::pipe();
  chime::operation& op = make_operation();
  ASSERT_TRUE(write_byte(ends.second));
  for (int i = 0; i < 5; ++i) {
    waiter& w = start(op, ends.first, interest::readable);
    ASSERT_TRUE(complete(w));
    let_the_loop_see();
    EXPECT_EQ(w.completions, 1) << "what was not read is told to the next watch";
  }
  read_all(ends.first);
  waiter& w = start(op, ends.first, interest::readable);
  let_the_loop_see();
  ASSERT_TRUE(write_byte(ends.second));
  ASSERT_TRUE(complete(w));
}

TEST_P(watch, ends_by_its_deadline_or_by_what_comes_before) {
  const descriptor_pair ends = descriptor_pair::pipe();
  const auto full = [](int handle) {
    ASSERT_EQ(::fcntl(handle, F_SETFL, O_NONBLOCK), 0);
    while (write_byte(handle)) {
    }
  };
  const descriptor_pair filled = descriptor_pair::pipe();
  full(filled.second);
  const time_point due = clock::now() + 5ms;
  waiter& late = make_waiter();
  waiter& late_too = make_waiter();
  waiter& in_time = make_waiter();
  loop.submit(make_operation(), late, ends.first, interest::readable, due);
  loop.submit(make_operation(), late_too, filled.second, interest::writable, due);
  loop.submit(make_operation(), in_time, filled.first, interest::readable, clock::now() + 1h);
  for (waiter* w : {&late, &late_too, &in_time}) ASSERT_TRUE(complete(*w));
  for (waiter* w : {&late, &late_too}) {
    EXPECT_EQ(w->outcome(), outcome::timed_out);
    EXPECT_GE(w->when, due);
  }
  EXPECT_EQ(in_time.outcome(), outcome::success);
}

TEST_P(watch, tells_that_a_socket_is_writable) {
  const descriptor_pair ends = descriptor_pair::sockets();
  waiter& w = start(ends.first, interest::writable);
  ASSERT_TRUE(complete(w));
  EXPECT_EQ(w.outcome(), outcome::success);
}

TEST_P(watch, tells_that_a_full_pipe_becomes_writable) {
  const descriptor_pair ends = descriptor_pair::pipe();
  while (write_byte(ends.second)) {
  }
  waiter& w = start(ends.second, interest::writable);
  let_the_loop_see();
  EXPECT_GT(read_all(ends.first), 0U);
  ASSERT_TRUE(complete(w));
  EXPECT_EQ(w.outcome(), outcome::success);
}

TEST_P(watch, tells_of_a_hang_up) {
  descriptor_pair ends = descriptor_pair::pipe();
  waiter& w = start(ends.first, interest::readable);
  let_the_loop_see();
  ends.close_second();
  ASSERT_TRUE(complete(w));
  EXPECT_EQ(w.outcome(), outcome::success) << "reading tells that it is the end";

  descriptor_pair broken = descriptor_pair::pipe();
  while (write_byte(broken.second)) {
  }
  waiter& writer = start(broken.second, interest::writable);
  let_the_loop_see();
  broken.close_first();
  ASSERT_TRUE(complete(writer));
  EXPECT_EQ(writer.outcome(), outcome::success);
}

TEST_P(watch, of_both_directions_of_one_socket_are_two) {
  const descriptor_pair ends = descriptor_pair::sockets();
  waiter& reading = start(ends.first, interest::readable);
  waiter& writing = start(ends.first, interest::writable);
  ASSERT_TRUE(complete(writing));
  EXPECT_EQ(writing.outcome(), outcome::success);
  EXPECT_EQ(reading.outcome(), outcome::pending);
  ASSERT_TRUE(write_byte(ends.second));
  ASSERT_TRUE(complete(reading));
  EXPECT_EQ(reading.outcome(), outcome::success);
}

TEST_P(watch, several_of_one_descriptor_are_all_told) {
  const descriptor_pair ends = descriptor_pair::pipe();
  std::vector<waiter*> all;
  for (int i = 0; i < 5; ++i) all.push_back(&start(ends.first, interest::readable));
  let_the_loop_see();
  ASSERT_TRUE(write_byte(ends.second));
  for (waiter* w : all) {
    ASSERT_TRUE(complete(*w));
    EXPECT_EQ(w->outcome(), outcome::success);
  }
}

TEST_P(watch, several_of_one_descriptor_are_cancelled_one_by_one) {
  const descriptor_pair ends = descriptor_pair::pipe();
  const std::size_t before = open_descriptors();
  chime::operation& first = make_operation();
  chime::operation& second = make_operation();
  waiter& a = start(first, ends.first, interest::readable);
  waiter& b = start(second, ends.first, interest::readable);
  let_the_loop_see();
  EXPECT_TRUE(loop.cancel(first));
  ASSERT_TRUE(complete(a));
  EXPECT_EQ(a.outcome(), outcome::cancelled);
  EXPECT_EQ(b.outcome(), outcome::pending);
  ASSERT_TRUE(write_byte(ends.second));
  ASSERT_TRUE(complete(b));
  EXPECT_EQ(b.outcome(), outcome::success);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(watch, of_a_regular_file_completes_at_once) {
  const int file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(file, 0);
  for (const interest wanted : {interest::readable, interest::writable}) {
    waiter& w = start(file, wanted);
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::success);
  }
  ::close(file);
}

TEST_P(watch, of_what_is_no_open_handle_gives_ebadf) {
  const descriptor_pair open = descriptor_pair::sockets();
  const int closed = ::dup(open.first);
  ASSERT_EQ(::close(closed), 0);
  const auto beyond_int = chime::native_handle{1} << 32;
  const chime::native_handle bad[] = {closed, 1'000'000, -1, -2, beyond_int + open.first};
  for (const chime::native_handle handle : bad) {
    chime::operation& op = make_operation();
    waiter& w = start(op, handle, interest::writable);
    for (int i = 0; i < 20 && w.completions == 0; ++i) ASSERT_TRUE(loop.poll(10ms));
    EXPECT_EQ(w.error, std::error_code(EBADF, std::system_category())) << handle << ": " << w.outcome();
    if (w.completions == 0) loop.cancel(op);
    ASSERT_TRUE(complete(w));
  }
}

TEST_P(watch, that_was_cancelled_leaves_its_descriptor_free_to_close_and_reuse) {
  for (int round = 0; round < 20; ++round) {
    descriptor_pair old = descriptor_pair::pipe();
    chime::operation& op = make_operation();
    waiter& w = start(op, old.first, interest::readable);
    if (round % 2 == 0) let_the_loop_see();
    EXPECT_TRUE(loop.cancel(op));
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::cancelled);
    const int number = old.first;
    old.close_first();
    old.close_second();
    const descriptor_pair fresh = descriptor_pair::pipe();
    EXPECT_EQ(fresh.first, number) << "the test means to reuse the number";
    waiter& next = start(op, fresh.first, interest::readable);
    let_the_loop_see();
    ASSERT_TRUE(write_byte(fresh.second));
    ASSERT_TRUE(complete(next));
    EXPECT_EQ(next.outcome(), outcome::success);
    EXPECT_EQ(w.completions, 1);
  }
}

TEST_P(watch, that_completed_brings_nothing_when_its_number_is_reused) {
  for (int round = 0; round < 20; ++round) {
    descriptor_pair old = descriptor_pair::pipe();
    waiter& w = start(old.first, interest::readable);
    write_byte(old.second);
    ASSERT_TRUE(complete(w));
    old.close_first();
    old.close_second();
    const descriptor_pair fresh = descriptor_pair::pipe();
    write_byte(fresh.second);
    let_the_loop_see();
    EXPECT_EQ(w.completions, 1);
  }
}

TEST_P(watch, hundreds_are_told_apart) {
  constexpr std::size_t count = 300;
  const std::size_t before = open_descriptors();
  {
    std::deque<descriptor_pair> pipes;
    std::vector<waiter*> waiters;
    for (std::size_t i = 0; i < count; ++i) {
      int ends[2];
      ASSERT_EQ(::pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
      pipes.emplace_back(ends[0], ends[1]);
      waiters.push_back(&start(ends[0], interest::readable));
    }
    let_the_loop_see();
    for (std::size_t i = 0; i < count; i += 2) {
      ASSERT_TRUE(write_byte(pipes[i].second));
      if (i % 4 != 0) continue;
      ASSERT_TRUE(complete(*waiters[i])) << i;
    }
    for (std::size_t i = 0; i < count; i += 2) ASSERT_TRUE(complete(*waiters[i])) << i;
    for (std::size_t i = 1; i < count; i += 2) EXPECT_EQ(waiters[i]->outcome(), outcome::pending) << i;
    for (std::size_t i = count; i-- != 0;) {
      if (i % 2 != 0) write_byte(pipes[i].second);
    }
    for (waiter* w : waiters) {
      ASSERT_TRUE(complete(*w));
      EXPECT_EQ(w->completions, 1);
    }
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(watch, from_another_thread_wakes_a_loop_that_sleeps_for_ever) {
  const descriptor_pair ends = descriptor_pair::pipe();
  runner r(loop);
  chime::operation& op = make_operation();
  for (int i = 0; i < 10; ++i) {
    std::atomic<bool> done{false};
    auto callback = [&](const chime::completion& c) {
      EXPECT_FALSE(c.error);
      read_all(ends.first);
      done = true;
    };
    r.until_asleep();
    loop.submit(op, callback, ends.first, interest::readable);
    if (i % 2 == 0) r.until_asleep();
    ASSERT_TRUE(write_byte(ends.second));
    ASSERT_TRUE(eventually([&] { return done.load(); })) << "round " << i;
  }
}

TEST_P(watch, beyond_the_limit_of_descriptors_is_told_or_says_so) {
  const descriptor_pair ends = descriptor_pair::pipe();
  const std::size_t before = open_descriptors();
  chime::proactor& l = loop;
  chime::operation& first = make_operation();
  chime::operation& second = make_operation();
  waiter& a = make_waiter();
  waiter& b = make_waiter();
  descriptor_limit none(0);
  l.submit(first, a, ends.first, interest::readable);
  l.submit(second, b, ends.first, interest::readable);
  const auto polled = l.poll();
  none.lift();
  ASSERT_TRUE(polled);
  ASSERT_TRUE(write_byte(ends.second));
  ASSERT_TRUE(complete(a));
  ASSERT_TRUE(complete(b));
  EXPECT_TRUE(!a.error || a.error == chime::errc::resource_exhausted) << a.error.message();
  EXPECT_TRUE(!b.error || b.error == chime::errc::resource_exhausted) << b.error.message();
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace conformance
