// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Waits for handles of others, each kind with its drain policy, at its edges.
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <csignal>

#include "imported.hpp"

namespace conformance {
namespace {

using chime::drain;

const std::error_code no_descriptor(EBADF, std::system_category());
const std::error_code writers_gone(EPIPE, std::system_category());
const std::error_code misfit = chime::fault::handle_misfit;

struct draining : importing {};
ON_EVERY_BACKEND(draining);

TEST_P(draining, an_eventfd_takes_the_whole_counter) {
  for (const int mode : {0, int{EFD_NONBLOCK}}) {
    const descriptor fd = descriptor::counter(7, mode);
    const int flags = ::fcntl(fd, F_GETFL);
    expect_takes(fd, drain::eventfd, 7);
    EXPECT_FALSE(is_readable(fd));
    wait& next = start(fd, drain::eventfd);
    let_the_loop_see();
    EXPECT_EQ(next.w.completions, 0) << "the counter was 0";
    EXPECT_TRUE(add(fd, 1) && add(fd, 2));
    ASSERT_TRUE(complete(next.w));
    EXPECT_EQ(next.drained(), 3U);
    EXPECT_EQ(::fcntl(fd, F_GETFL), flags) << "the flags are the owner's";
  }
}

TEST_P(draining, an_eventfd_at_its_maximum_is_emptied) {
  constexpr std::uint64_t maximum = UINT64_MAX - 1;
  const descriptor fd = descriptor::counter(0, EFD_NONBLOCK);
  ASSERT_TRUE(add(fd, maximum));
  ASSERT_FALSE(add(fd, 1)) << "it is full";
  expect_takes(fd, drain::eventfd, maximum);
  EXPECT_TRUE(add(fd, 1)) << "there is room again";
  expect_takes(fd, drain::eventfd, 1);
}

TEST_P(draining, a_semaphore_of_three_completes_three_waits) {
  const descriptor fd = descriptor::counter(3, EFD_SEMAPHORE);
  for (int i = 0; i < 3; ++i) expect_takes(fd, drain::eventfd_semaphore, 1);
  wait& fourth = start(fd, drain::eventfd_semaphore);
  let_the_loop_see();
  EXPECT_EQ(fourth.w.completions, 0);
  ASSERT_TRUE(add(fd, 1));
  ASSERT_TRUE(complete(fourth.w));
}

TEST_P(draining, a_semaphore_serves_as_many_of_several_waits_as_it_counts) {
  const descriptor fd = descriptor::counter(0, EFD_SEMAPHORE);
  std::vector<wait*> all;
  for (int i = 0; i < 5; ++i) all.push_back(&start(fd, drain::eventfd_semaphore));
  let_the_loop_see();
  const auto completed = [&] {
    return std::ranges::count_if(all, [](const wait* one) { return one->w.completions != 0; });
  };
  for (const int so_far : {2, 4}) {
    ASSERT_TRUE(add(fd, 2));
    ASSERT_TRUE(poll_until([&] { return completed() >= so_far; }));
    let_the_loop_see();
    EXPECT_EQ(completed(), so_far) << "what one has taken, another must not be told of";
  }
  ASSERT_TRUE(add(fd, 1));
  for (const wait* one : all) {
    ASSERT_TRUE(complete(one->w));
    EXPECT_EQ(one->w.outcome(), outcome::success);
    EXPECT_EQ(one->drained(), 1U);
  }
  EXPECT_FALSE(is_readable(fd));
}

TEST_P(draining, a_pipe_takes_and_counts_the_bytes) {
  for (const int mode : {0, O_NONBLOCK}) {
    int ends[2] = {-1, -1};
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC | mode), 0);
    const descriptor out(ends[0]);
    const descriptor in(ends[1]);
    ASSERT_EQ(::write(in, "three", 5), 5);
    expect_takes(out, drain::pipe, 5);
    wait& next = start(out, drain::pipe);
    let_the_loop_see();
    EXPECT_EQ(next.w.completions, 0);
    ASSERT_TRUE(write_byte(in));
    ASSERT_TRUE(complete(next.w));
    EXPECT_EQ(next.drained(), 1U);
  }
}

TEST_P(draining, a_pipe_takes_no_more_than_its_bound_at_once) {
  const descriptor_pair ends = descriptor_pair::pipe();
  const int capacity = ::fcntl(ends.second, F_SETPIPE_SZ, 1 << 18);
  if (capacity < 150'000) GTEST_SKIP() << "this user's pipes are not that large";
  const std::vector<char> much(150'000, 'x');
  ASSERT_EQ(::write(ends.second, much.data(), much.size()), static_cast<ssize_t>(much.size()));
  ASSERT_NO_FATAL_FAILURE(expect_takes(ends.first, drain::pipe, 65'536));
  ASSERT_NO_FATAL_FAILURE(expect_takes(ends.first, drain::pipe, 65'536));
  expect_takes(ends.first, drain::pipe, 150'000 - 2 * 65'536);
  EXPECT_FALSE(is_readable(ends.first));
}

TEST_P(draining, a_pipe_without_writers_is_no_signal) {
  for (const bool waits_before : {false, true}) {
    descriptor_pair ends = descriptor_pair::pipe();
    ASSERT_TRUE(write_byte(ends.second));
    if (!waits_before) ends.close_second();
    expect_takes(ends.first, drain::pipe, 1);
    wait* last = nullptr;
    if (waits_before) {
      last = &start(ends.first, drain::pipe);
      let_the_loop_see();
      ends.close_second();
      ASSERT_TRUE(complete(last->w));
      EXPECT_EQ(last->w.error, writers_gone);
      EXPECT_EQ(last->drained(), 0U);
    }
    expect_fails(ends.first, drain::pipe, writers_gone);
  }
}

/// The kernel has no read that does not block for these.
TEST_P(draining, a_fifo_in_blocking_mode_does_not_block_the_loop) {
  const std::string path = testing::TempDir() + "chime_fifo_" + std::to_string(::getpid());
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const descriptor both(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  ::unlink(path.c_str());
  wait& first = start(both, drain::pipe);
  wait& second = start(both, drain::pipe);
  let_the_loop_see();
  ASSERT_EQ(::write(both, "two", 2), 2);
  ASSERT_TRUE(poll_until([&] { return first.w.completions + second.w.completions != 0; }));
  let_the_loop_see();
  EXPECT_EQ(first.w.completions + second.w.completions, 1) << "the other found nothing, and waits on";
  EXPECT_EQ(first.drained() + second.drained(), 2U);
  expect_cancels(first.w.completions == 0 ? first : second);
}

itimerspec after(std::chrono::nanoseconds first, std::chrono::nanoseconds interval = 0ns) {
  const auto to_timespec = [](std::chrono::nanoseconds t) {
    return timespec{static_cast<time_t>(t / 1s), static_cast<long>((t % 1s).count())};
  };
  return {to_timespec(interval), to_timespec(first)};
}

TEST_P(draining, a_timerfd_counts_the_expirations_that_were_missed) {
  const descriptor fd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  const itimerspec each_millisecond = after(1ms, 1ms);
  ASSERT_EQ(::timerfd_settime(fd, 0, &each_millisecond, nullptr), 0);
  const time_point armed = clock::now();
  while (clock::now() < armed + 6ms) std::this_thread::yield();
  wait& missed = start(fd, drain::timerfd);
  ASSERT_TRUE(complete(missed.w));
  EXPECT_EQ(missed.w.outcome(), outcome::success);
  EXPECT_GE(missed.drained(), 5U);
  const auto most = static_cast<std::uint64_t>((clock::now() - armed) / 1ms) + 1;
  wait& next = start(fd, drain::timerfd);
  ASSERT_TRUE(complete(next.w));
  EXPECT_LE(missed.drained(), most);
  EXPECT_GE(next.drained(), 1U);
}

TEST_P(draining, a_timerfd_that_is_disarmed_says_nothing) {
  const descriptor fd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  const itimerspec soon = after(1ns);
  const itimerspec off = {};
  ASSERT_EQ(::timerfd_settime(fd, 0, &soon, nullptr), 0);
  ASSERT_TRUE(eventually([&] { return is_readable(fd); }));
  ASSERT_EQ(::timerfd_settime(fd, 0, &off, nullptr), 0);
  wait& one = start(fd, drain::timerfd);
  let_the_loop_see();
  EXPECT_EQ(one.w.completions, 0) << "it had expired, and was disarmed";
  ASSERT_EQ(::timerfd_settime(fd, 0, &soon, nullptr), 0);
  ASSERT_TRUE(complete(one.w));
  EXPECT_EQ(one.drained(), 1U);
}

/// Some signals, blocked in this thread until the end of scope, and a signalfd for them.
class blocked_signals {
 public:
  explicit blocked_signals(std::initializer_list<int> which) {
    ::sigemptyset(&set_);
    for (const int signal : which) ::sigaddset(&set_, signal);
    EXPECT_EQ(::pthread_sigmask(SIG_BLOCK, &set_, &before_), 0);
  }
  blocked_signals(const blocked_signals&) = delete;
  blocked_signals& operator=(const blocked_signals&) = delete;
  ~blocked_signals() {
    const timespec at_once = {};
    while (::sigtimedwait(&set_, nullptr, &at_once) > 0) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  [[nodiscard]] descriptor open() const { return descriptor(::signalfd(-1, &set_, SFD_CLOEXEC)); }

 private:
  sigset_t set_ = {};
  sigset_t before_ = {};
};

TEST_P(draining, a_signalfd_tells_one_signal_after_the_other) {
  const blocked_signals blocked{SIGUSR1, SIGUSR2};
  const descriptor fd = blocked.open();
  wait& waiting = start(fd, drain::signalfd);
  let_the_loop_see();
  ASSERT_EQ(::kill(::getpid(), SIGUSR1), 0);
  ASSERT_TRUE(complete(waiting.w));
  EXPECT_EQ(waiting.drained(), static_cast<std::uint64_t>(SIGUSR1));
  ASSERT_EQ(::kill(::getpid(), SIGUSR2), 0);
  ASSERT_EQ(::kill(::getpid(), SIGUSR1), 0);
  expect_takes(fd, drain::signalfd, SIGUSR1);
  expect_takes(fd, drain::signalfd, SIGUSR2);
  wait& third = start(fd, drain::signalfd);
  let_the_loop_see();
  EXPECT_EQ(third.w.completions, 0);
  expect_cancels(third);
}

TEST_P(draining, a_signalfd_tells_everything_about_a_signal) {
  const blocked_signals blocked{SIGRTMIN};
  const descriptor fd = blocked.open();
  for (const int value : {11, 22}) ASSERT_EQ(::sigqueue(::getpid(), SIGRTMIN, {.sival_int = value}), 0);
  for (const int value : {11, 22}) {
    chime::operation& op = make_operation();
    waiter& w = make_waiter();
    signalfd_siginfo info = {};
    loop.submit(op, w, fd, info);
    ASSERT_TRUE(complete(w));
    EXPECT_EQ(w.outcome(), outcome::success);
    EXPECT_EQ(op.drained(), static_cast<std::uint64_t>(SIGRTMIN));
    EXPECT_EQ(info.ssi_signo, static_cast<std::uint32_t>(SIGRTMIN));
    EXPECT_EQ(info.ssi_int, value);
    EXPECT_EQ(info.ssi_pid, static_cast<std::uint32_t>(::getpid()));
  }
  chime::operation& op = make_operation();
  waiter& w = make_waiter();
  signalfd_siginfo info = {};
  loop.submit(op, w, fd, info, clock::now() + 2ms);
  ASSERT_TRUE(complete(w));
  EXPECT_EQ(w.outcome(), outcome::timed_out);
  EXPECT_EQ(op.drained(), 0U);
  EXPECT_EQ(info.ssi_signo, 0U);
}

TEST_P(draining, nothing_leaves_the_handle_as_it_is) {
  const descriptor fd = descriptor::counter(5);
  for (int i = 0; i < 3; ++i) expect_takes(fd, drain::nothing, 0);
  EXPECT_EQ(rest_of(fd), 5U);
}

TEST_P(draining, a_fence_stays_signalled) {
  const descriptor fd = descriptor::counter();
  wait& first = start(fd, drain::fence);
  wait& second = start(fd, drain::fence);
  let_the_loop_see();
  ASSERT_TRUE(add(fd, 1));
  for (const wait* one : {&first, &second}) {
    ASSERT_TRUE(complete(one->w));
    EXPECT_EQ(one->w.outcome(), outcome::success);
  }
  expect_takes(fd, drain::fence, 0);
  EXPECT_EQ(rest_of(fd), 1U);
}

TEST_P(draining, a_fence_of_minus_one_has_signalled_already) {
  const std::size_t before = open_descriptors();
  expect_takes(-1, drain::fence, 0);
  wait& late = start(-1, drain::fence, time_point::min());
  ASSERT_TRUE(complete(late.w));
  EXPECT_EQ(late.w.outcome(), outcome::success) << "it needs no time";
  expect_cancels(start(-1, drain::fence));
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(draining, what_is_no_open_handle_gives_ebadf) {
  descriptor closed = descriptor::counter();
  const int number = closed;
  closed.close();
  const auto beyond_int = chime::native_handle{1} << 32;
  for (const drain policy : {drain::nothing, drain::eventfd, drain::eventfd_semaphore, drain::pipe, drain::timerfd,
                             drain::signalfd, drain::fence}) {
    for (const chime::native_handle handle : {chime::native_handle{number}, chime::native_handle{-2}, beyond_int - 1})
      expect_fails(handle, policy, no_descriptor);
    if (policy != drain::fence) expect_fails(-1, policy, no_descriptor);
  }
}

TEST_P(draining, what_is_of_another_kind_is_refused_and_not_read) {
  const descriptor file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  const descriptor directory(::open("/", O_RDONLY | O_CLOEXEC));
  const descriptor device(::open("/dev/zero", O_RDWR | O_CLOEXEC));
  const descriptor_pair sockets = descriptor_pair::sockets();
  const descriptor_pair pipe = descriptor_pair::pipe();
  const descriptor counter = descriptor::counter(9);
  const descriptor quiet(::inotify_init1(IN_CLOEXEC));
  const descriptor changes(::inotify_init1(IN_CLOEXEC));
  std::string watched = testing::TempDir() + "chime_watched_XXXXXX";
  ASSERT_NE(::mkdtemp(watched.data()), nullptr);
  ASSERT_GE(::inotify_add_watch(changes, watched.c_str(), IN_DELETE_SELF), 0);
  ASSERT_EQ(::rmdir(watched.c_str()), 0);
  const blocked_signals blocked{SIGUSR1};
  const descriptor signals = blocked.open();
  const descriptor timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  ASSERT_EQ(::write(sockets.second, "eight by", 8), 8);
  ASSERT_EQ(::write(pipe.second, "eight by", 8), 8);
  ASSERT_EQ(::kill(::getpid(), SIGUSR1), 0);
  const itimerspec soon = after(1ns);
  ASSERT_EQ(::timerfd_settime(timer, 0, &soon, nullptr), 0);
  for (const drain policy : {drain::eventfd, drain::eventfd_semaphore, drain::timerfd, drain::signalfd, drain::pipe}) {
    for (const int handle : {int{file}, int{directory}, int{device}, sockets.first, int{quiet}, int{changes}})
      ASSERT_NO_FATAL_FAILURE(expect_fails(handle, policy, misfit));
    if (policy == drain::pipe) {
      ASSERT_NO_FATAL_FAILURE(expect_fails(pipe.second, policy, misfit));  // the end to write to
    } else {
      ASSERT_NO_FATAL_FAILURE(expect_fails(pipe.first, policy, misfit));
    }
    if (policy != drain::signalfd) {
      ASSERT_NO_FATAL_FAILURE(expect_fails(signals, policy, misfit));
    }
    if (policy != drain::signalfd && policy != drain::pipe) continue;
    ASSERT_NO_FATAL_FAILURE(expect_fails(counter, policy, misfit));
    ASSERT_NO_FATAL_FAILURE(expect_fails(timer, policy, misfit));
  }
  EXPECT_EQ(::lseek(file, 0, SEEK_CUR), 0);
  EXPECT_EQ(read_all(sockets.first), 8U);
  EXPECT_EQ(read_all(pipe.first), 8U);
  EXPECT_EQ(rest_of(counter), 9U);
  EXPECT_TRUE(is_readable(changes));
  expect_takes(signals, drain::signalfd, SIGUSR1);
  expect_takes(timer, drain::timerfd, 1);
}

TEST_P(draining, tells_nothing_of_earlier_operations) {
  const descriptor fd = descriptor::counter(4);
  chime::operation& op = make_operation();
  EXPECT_EQ(op.drained(), 0U) << "it was never submitted";
  waiter& w = make_waiter();
  loop.submit(op, w, fd, drain::eventfd);
  ASSERT_TRUE(complete(w));
  EXPECT_EQ(op.drained(), 4U);
  loop.submit(op, w);
  ASSERT_TRUE(complete(w, 2));
  EXPECT_EQ(op.drained(), 0U);
}

}  // namespace
}  // namespace conformance
