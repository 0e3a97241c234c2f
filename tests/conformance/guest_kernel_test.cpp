// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Guests with work for the kernel and for it alone: what the kernel has not got, refuses for a moment, or is looked at too
/// seldom for would leave a host asleep for ever.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string>

#include "world.hpp"

namespace conformance {
namespace {

using chime::never;
constexpr time_point at_once = time_point::min();

bool readable(const chime::proactor& loop, int ms = 200) {
  pollfd waited{static_cast<int>(loop.handle()), POLLIN, 0};
  return ::poll(&waited, 1, ms) == 1;
}

time_point lull(chime::proactor& loop) {
  for (;;) {
    const auto next = loop.guest_poll();
    if (!next || *next != at_once) return next.value_or(at_once);
  }
}

std::set<int> eventfds() {
  std::set<int> found;
  std::error_code ignored;
  for (int fd = 0; fd < 256; ++fd) {
    const auto to = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), ignored);
    if (!ignored && to.string().find("[eventfd]") != std::string::npos) found.insert(fd);
  }
  return found;
}

/// From now on io_uring_enter of this thread fails if it is to submit exactly `count` entries.
void fail_submissions_of(unsigned count, int error) {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_enter, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[1])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, count, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{6, code};
  ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

// A late write of an earlier signal makes the wait start anew in the last look before the sleep: the kernel must get that too, or
// the signal of the ticket wakes nobody.
void late_write(const char* backend) {
  chime::proactor loop;
  if (!loop.open({.backend = backend, .spin = {}, .guest = true})) GTEST_SKIP();
  chime::event_pool pool;
  const auto before = eventfds();
  ASSERT_TRUE(pool.open(loop, {.initial_capacity = 1, .native = true}));
  auto made = eventfds();
  for (int fd : before) made.erase(fd);
  ASSERT_EQ(made.size(), 1U);
  waiter w;
  chime::event ev = pool.acquire().value();
  const chime::ticket t = ev.get_ticket();
  std::move(ev).submit(w);
  EXPECT_EQ(lull(loop), never);
  const std::uint64_t one = 1;
  ASSERT_EQ(::write(*made.begin(), &one, sizeof one),
            8);  // stands for the late write of a signaller that was preempted
  EXPECT_TRUE(readable(loop));
  time_point until = lull(loop);
  for (int i = 0; i < 3 && until != never; ++i) {  // the host comes back at the time that it was given
    std::this_thread::sleep_until(until);
    until = lull(loop);
  }
  EXPECT_EQ(until, never);
  EXPECT_EQ(w.completions, 0);
  EXPECT_EQ(t.signal(), signal_result::delivered);
  EXPECT_TRUE(readable(loop)) << "a wake-up is lost";
  for (int i = 0; i < 100 && w.completions == 0; ++i) (void)loop.guest_poll();
  EXPECT_EQ(w.completions, 1);
  w.ev.reset();
  EXPECT_EQ(pool.close(), 0U);
  EXPECT_TRUE(loop.close());
}
TEST(guest_kernel, late_write_on_io_uring) { late_write("io_uring"); }
TEST(guest_kernel, late_write_on_io_uring_linked) { late_write("io_uring:linked-read"); }
TEST(guest_kernel, late_write_on_epoll) { late_write("epoll"); }

// A passing refusal of the kernel (EAGAIN, EBUSY, ENOMEM) leaves the entries in the queue: the guest must not fall asleep for ever.
void refused(int error) {
  std::thread([error] {
    chime::proactor loop;
    if (!loop.open({.backend = "io_uring", .spin = {}, .guest = true})) GTEST_SKIP();
    ASSERT_EQ(lull(loop), never);
    fail_submissions_of(3, error);
    std::array<chime::operation, 3> watches;
    auto pipe = descriptor_pair::pipe();
    ASSERT_TRUE(write_byte(pipe.second));
    waiter w;
    for (auto& op : watches) loop.submit(op, w, pipe.first, chime::interest::readable);
    const time_point until = lull(loop);
    EXPECT_EQ(w.completions, 0);
    EXPECT_TRUE(until != never || readable(loop)) << "what is ready was never submitted";
    chime::operation fourth;  // one more entry: the kernel takes them now
    loop.submit(fourth, w, pipe.first, chime::interest::readable);
    for (int i = 0; i < 1000 && w.completions != 4; ++i) (void)loop.guest_poll();
    EXPECT_EQ(w.completions, 4);
    EXPECT_TRUE(loop.close());
  }).join();
}
TEST(guest_kernel, refused_submissions_busy) { refused(EBUSY); }
TEST(guest_kernel, refused_submissions_again) { refused(EAGAIN); }
TEST(guest_kernel, refused_submissions_no_memory) { refused(ENOMEM); }

// While it lingers, what the kernel has must not wait for many turns of the host.
void starved(const char* backend) {
  chime::proactor loop;
  if (!loop.open({.backend = backend, .spin = 1s, .guest = true})) GTEST_SKIP();
  auto pipe = descriptor_pair::pipe();
  chime::operation watch;
  waiter watched;
  loop.submit(watch, watched, pipe.first, chime::interest::readable);
  chime::operation post;
  waiter posted;
  for (int i = 0; i < 3; ++i) {
    loop.submit(post, posted);
    (void)loop.guest_poll();
  }
  ASSERT_TRUE(write_byte(pipe.second));
  int turns = 0;
  while (watched.completions == 0 && turns < 1000) {
    loop.submit(post, posted);
    (void)loop.guest_poll();
    ++turns;
  }
  EXPECT_LE(turns, 2);
  EXPECT_TRUE(loop.close());
}
TEST(guest_kernel, lingering_starves_the_kernel_on_epoll) { starved("epoll"); }
TEST(guest_kernel, lingering_starves_the_kernel_on_io_uring) { starved("io_uring"); }

}  // namespace
}  // namespace conformance
