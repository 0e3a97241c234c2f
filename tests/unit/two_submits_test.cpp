// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Two submits at once of what one thread may submit: the second is told, at whatever step of the first it comes. Here it
/// comes at the first's first write into a page, which is made to fail.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "chime/proactor.hpp"
#include "event/submit.hpp"
#include "pool_fixture.hpp"
#include "proactor/loop.hpp"

namespace {

using chime_test::acquire_from;
using chime_test::cell_of;
using TwoSubmitsDeathTest = chime_test::DeathTestSuite;

void ignore(void*, chime::completion&&) {}

/// What another thread does between two steps of this one.
struct interruption {
  void* page;
  void (*run)(void*);
  void* context;
};
interruption next;

void allow_and_run(int) {
  if (mprotect(next.page, chime::event_pool::page_size, PROT_READ | PROT_WRITE) != 0) std::_Exit(1);
  next.run(next.context);
}

/// Calls run(context) once, at the first write into the page of this address.
void at_first_write(void* address, void (*run)(void*), void* context) {
  constexpr auto mask = ~std::uintptr_t{chime::event_pool::page_size - 1};
  next = {reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(address) & mask), run, context};
  struct sigaction action = {};
  action.sa_handler = allow_and_run;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  if (sigaction(SIGSEGV, &action, nullptr) != 0) std::_Exit(1);
  if (mprotect(next.page, chime::event_pool::page_size, PROT_READ) != 0) std::_Exit(1);
}

TEST_F(TwoSubmitsDeathTest, D3_OfAnEvent) {
  if (sysconf(_SC_PAGESIZE) != chime::event_pool::page_size) GTEST_SKIP() << "pages of another size";
  chime::proactor loop;
  chime::event_pool pool;
  ASSERT_TRUE(loop.open({.backend = "poll"}));
  ASSERT_TRUE(pool.open(loop));
  auto ev = acquire_from(pool);
  const auto submit = [](void* c) {
    chime::detail::submit(*static_cast<chime::detail::cell*>(c), nullptr, nullptr, chime::never);
  };
  const auto submit_twice = [&] {
    at_first_write(&cell_of(ev), submit, &cell_of(ev));  // the write of the callback, after the look at the word
    submit(&cell_of(ev));
  };
  EXPECT_DEATH(submit_twice(), "chime: an event was submitted by two threads at once");
}

struct posted {
  chime::proactor loop;
  chime::operation op;
};

TEST_F(TwoSubmitsDeathTest, D3_OfAnOperation) {
  if (sysconf(_SC_PAGESIZE) != chime::event_pool::page_size) GTEST_SKIP() << "pages of another size";
  posted it;
  ASSERT_TRUE(it.loop.open({.backend = "poll"}));
  const auto submit = [](void* p) {
    auto& mine = *static_cast<posted*>(p);
    mine.loop.submit(mine.op, {ignore, nullptr});
  };
  const auto submit_twice = [&] {
    // Counted in the loop when the operation is filled in, and its word begins anew.
    at_first_write(&chime::detail::loop_access::of(it.loop)->submitted, submit, &it);
    submit(&it);
  };
  EXPECT_DEATH(submit_twice(), "chime: an operation was submitted by two threads at once");
}

}  // namespace
