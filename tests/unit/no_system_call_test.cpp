// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What makes no system call, proven in a child process that the kernel kills at its first one.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>

#include "pool_fixture.hpp"

namespace {

using chime::signal_result;
using chime_test::acquire_from;

constexpr int exit_ok = 0;
constexpr int exit_wrong = 1;       // the work came out wrong
constexpr int exit_no_filter = 77;  // this kernel or sandbox has no seccomp

/// From here on this thread may only end the process.
[[nodiscard]] bool forbid_system_calls() {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  const sock_fprog filter{.len = 4, .filter = program};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/// Runs `work` in a child that may not make system calls; its wait status. `work` says whether it came out right.
template <class Work>
[[nodiscard]] int run_without_system_calls(Work work) {
  // Not fork(), which the library would notice: what this process opened is not for its children, but this one stands for
  // its parent.
  const pid_t child = ::_Fork();
  if (child == 0) {
    if (!forbid_system_calls()) ::syscall(SYS_exit_group, exit_no_filter);
    const bool right = work();
    ::syscall(SYS_exit_group, right ? exit_ok : exit_wrong);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

class NoSystemCall : public testing::Test {
 protected:
  void SetUp() override {
    const int status = run_without_system_calls([] { return true; });
    if (WIFEXITED(status) && WEXITSTATUS(status) == exit_no_filter) GTEST_SKIP() << "no seccomp here";
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == exit_ok);
  }

  template <class Work>
  static void expect_none(Work work) {
    const int status = run_without_system_calls(work);
    EXPECT_FALSE(WIFSIGNALED(status)) << "a system call was made (signal " << WTERMSIG(status) << ')';
    if (WIFEXITED(status)) {
      EXPECT_EQ(WEXITSTATUS(status), exit_ok);
    }
  }
};

TEST_F(NoSystemCall, TheTestItselfNoticesOne) {
  const int status = run_without_system_calls([] { return ::syscall(SYS_getppid) != 0; });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGSYS);
}

TEST_F(NoSystemCall, P6_P10_ReleaseAndAcquireOfAFreeEventWithoutALoop) {
  chime::event_pool pool;
  ASSERT_TRUE(pool.open({.initial_capacity = 100}));
  std::array<chime::event, 100> events;
  expect_none([&] {
    for (unsigned round = 0; round < 10; ++round) {
      for (auto& ev : events) {
        auto got = pool.acquire();
        if (!got) return false;
        ev = std::move(*got);
        if (ev.get_ticket().signal() != signal_result::delivered) return false;
      }
      for (auto& ev : events) ev.reset();
    }
    return true;
  });
}

TEST_F(NoSystemCall, D4_ACachesAcquireAndRelease) {
  chime::event_pool pool;
  ASSERT_TRUE(pool.open({.initial_capacity = 100}));
  chime::event_cache cache(pool);
  std::array<chime::event, 100> events;
  expect_none([&] {
    for (unsigned round = 0; round < 10; ++round) {
      for (auto& ev : events) {
        auto got = cache.acquire();
        if (!got) return false;
        ev = std::move(*got);
      }
      for (auto& ev : events) cache.release(std::move(ev));
    }
    return true;
  });
}

TEST_F(NoSystemCall, D1_SignalThatNobodySleepsFor) {
  chime::event_pool pool;
  ASSERT_TRUE(pool.open({.initial_capacity = 1}));
  auto ev = acquire_from(pool);
  const chime::ticket t = ev.get_ticket();
  expect_none([&] {
    const bool delivered = t.signal() == signal_result::delivered;
    const bool coalesced = t.signal() == signal_result::coalesced;
    const bool consumed = ev.wait().has_value();
    ev.reset();
    return delivered && coalesced && consumed && t.signal() == signal_result::stale;
  });
}

TEST_F(NoSystemCall, D1_SubmitSignalAndCancelWhileTheLoopIsAwake) {
  chime::proactor loop;
  ASSERT_TRUE(loop.open({.backend = "poll"}));
  chime::event_pool pool;
  ASSERT_TRUE(pool.open(loop, {.initial_capacity = 3}));
  auto done = [](chime::completion&&) {};
  expect_none([&] {
    bool right = true;
    for (unsigned i = 0; i < 3; ++i) {
      auto ev = pool.acquire();
      if (!ev) return false;
      const chime::ticket t = ev->get_ticket();
      if (i == 2) right = right && t.signal() == signal_result::delivered;
      std::move(*ev).submit(done);
      right = right && (i == 0 ? t.signal() == signal_result::delivered : i == 1 ? t.cancel() : true);
    }
    return right;
  });
}

TEST_F(NoSystemCall, P6_P10_ReleaseOfASignalledNativeEvent) {
  chime::proactor loop;
  ASSERT_TRUE(loop.open({.backend = "poll"}));
  chime::event_pool pool;
  ASSERT_TRUE(pool.open(loop, {.initial_capacity = 2, .native = true}));
  auto quiet = acquire_from(pool);
  auto signalled = acquire_from(pool);
  ASSERT_EQ(signalled.get_ticket().signal(), signal_result::delivered);
  expect_none([&] {
    quiet.reset();
    signalled.reset();
    // What was not signalled needs no reset at its next acquire either.
    return pool.acquire().has_value();
  });
}

}  // namespace
