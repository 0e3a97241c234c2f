// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <numaif.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <vector>

#include "chime/memory.hpp"
#include "numa_nodes.hpp"

namespace {

using chime_test::has_numa;
using chime_test::kib;
using chime_test::numa_memory;
using chime_test::residence;
using chime_test::usable_nodes;

TEST(Numa, MemoryIsOnItsNodeAndBoundThere) {
  if (!has_numa()) GTEST_SKIP() << "no NUMA support here";
  for (const unsigned node : usable_nodes()) {
    const chime::allocator memory = numa_memory(node);
    void* const block = memory.allocate(memory.context, 256 * kib, 4 * kib);
    ASSERT_NE(block, nullptr);
    EXPECT_EQ(residence(block, 256 * kib), std::vector<int>(64, static_cast<int>(node)));
    int mode = -1;
    unsigned long bound[1024 / (8 * sizeof(unsigned long))] = {};
    ASSERT_EQ(get_mempolicy(&mode, bound, 1025, block, MPOL_F_ADDR), 0);
    EXPECT_EQ(mode, MPOL_BIND);
    EXPECT_EQ(bound[node / (8 * sizeof(unsigned long))], 1UL << node % (8 * sizeof(unsigned long)));
    memory.deallocate(memory.context, block, 256 * kib, 4 * kib);
  }
}

TEST(Numa, MissingNodeIsAnError) {
  if (!has_numa()) GTEST_SKIP() << "no NUMA support here";
  for (const unsigned node : {usable_nodes().back() + 1, 1023U, 1024U, 1'000'000U, UINT_MAX}) {
    const auto memory = chime::numa_allocator(node);
    ASSERT_FALSE(memory) << node;
    EXPECT_EQ(memory.error(), chime::fault::unknown_node);
    EXPECT_EQ(memory.error(), chime::errc::invalid_argument);
  }
}

TEST(Numa, CarriesABlockPool) {
  const unsigned node = has_numa() ? usable_nodes().back() : 0;
  chime::block_pool pool;
  ASSERT_TRUE(pool.open({.upstream = numa_memory(node)}));
  std::vector<void*> blocks;
  for (int i = 0; i < 200; ++i) blocks.push_back(pool.acquire());
  for (void* const block : blocks) {
    ASSERT_NE(block, nullptr);
    if (has_numa()) {
      EXPECT_EQ(residence(block, 4096), std::vector<int>{static_cast<int>(node)});
    }
  }
  for (void* const block : blocks) pool.release(block);
  EXPECT_EQ(pool.close(), 0U);
}

/// From here on this process gets an error from one system call. There is no way back: for death tests.
void refuse(int system_call, int error) {
  sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(system_call), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {.len = std::size(steps), .filter = steps};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    _exit(77);
}

/// What became of asking for a page and writing it, as an exit code.
enum outcome { usable = 0, no_memory = 1, no_allocator = 2, elsewhere = 3, wrong_error = 4 };
[[noreturn]] void allocate_and_exit(unsigned node) {
  const auto memory = chime::numa_allocator(node);
  if (!memory) _exit(memory.error() == chime::fault::numa_unavailable ? no_allocator : wrong_error);
  void* const block = memory->allocate(memory->context, 4096, 65536);
  if (block == nullptr) _exit(no_memory);
  std::memset(block, 0xff, 4096);
  memory->deallocate(memory->context, block, 4096, 65536);
  _exit(usable);
}

TEST(NumaDeathTest, KernelWithoutNumaHasNodeZeroOnly) {
  for (const int error : {ENOSYS, EPERM}) {
    EXPECT_EXIT((refuse(SYS_get_mempolicy, error), allocate_and_exit(0)), testing::ExitedWithCode(usable), "^$");
    EXPECT_EXIT((refuse(SYS_get_mempolicy, error), allocate_and_exit(1)), testing::ExitedWithCode(no_allocator), "^$");
  }
}

TEST(NumaDeathTest, MemoryThatCannotBeBoundIsNull) {
  if (!has_numa()) GTEST_SKIP() << "no NUMA support here";
  EXPECT_EXIT((refuse(SYS_mbind, ENOMEM), allocate_and_exit(0)), testing::ExitedWithCode(no_memory), "^$");
}

TEST(NumaDeathTest, MemoryThatCannotBeTakenNowIsNull) {
  EXPECT_EXIT((refuse(SYS_madvise, ENOMEM), allocate_and_exit(0)), testing::ExitedWithCode(no_memory), "^$");
}

TEST(NumaDeathTest, OldKernelsTakeThePagesLater) {
  EXPECT_EXIT((refuse(SYS_madvise, EINVAL), allocate_and_exit(0)), testing::ExitedWithCode(usable), "^$");
}

/// What latency-critical programs do: every mapping gets its pages as it is made, which must not be before it is bound.
TEST(NumaDeathTest, NodeIsKeptInAProcessThatLocksItsMemory) {
  if (!has_numa()) GTEST_SKIP() << "no NUMA support here";
  const auto lock_and_exit = [](unsigned node) {
    if (mlockall(MCL_FUTURE) != 0) _exit(usable);  // not permitted here
    const chime::allocator memory = numa_memory(node);
    void* const block = memory.allocate(memory.context, 64 * kib, 4 * kib);
    if (block == nullptr) _exit(no_memory);
    _exit(residence(block, 64 * kib) == std::vector<int>(16, static_cast<int>(node)) ? usable : elsewhere);
  };
  for (const unsigned node : usable_nodes()) {
    EXPECT_EXIT(lock_and_exit(node), testing::ExitedWithCode(usable), "^$");
  }
}

}  // namespace
