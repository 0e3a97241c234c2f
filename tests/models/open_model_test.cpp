// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Opening a pool on one thread and using it on another, which learns of it by nothing but the pool: it sees all that the
/// opener did, its allocator included. The same for a pool that is opened again after another thread closed it.
#include "pool_stage.hpp"

namespace explore = chime::explore;
using namespace chime::models;
using chime::allocator;
using chime::fault;
using chime::pool_options;
using chime::sync::plain;

namespace {

/// The machine's memory, with an account that whoever uses it must have been told of.
struct accounted_memory {
  allocator of_machine;
  plain<int> requests{0};

  [[nodiscard]] pool_options options(std::size_t initial) {
    const allocator memory{.allocate = [](void* self, std::size_t size, std::size_t alignment) noexcept -> void* {
                             auto& m = *static_cast<accounted_memory*>(self);
                             m.requests.set(m.requests.get() + 1);
                             return m.of_machine.allocate(m.of_machine.context, size, alignment);
                           },
                           .deallocate =
                               [](void* self, void* block, std::size_t size, std::size_t alignment) noexcept {
                                 auto& m = *static_cast<accounted_memory*>(self);
                                 m.requests.set(m.requests.get() + 1);
                                 m.of_machine.deallocate(m.of_machine.context, block, size, alignment);
                               },
                           .context = this};
    return {.initial_capacity = initial, .maximum_capacity = 2, .memory = memory};
  }
};

void open(chime::detail::pool& pool, accounted_memory& memory) {
  memory.requests.set(0);
  check(!pool.open(nullptr, memory.options(0), nullptr), "the pool did not open");
}

TEST(open_model, against_the_first_acquire) {
  expect_holds({.preemptions = 3, .stale_reads = 2}, [] {
    machine kernel;
    accounted_memory memory{kernel.memory()};
    chime::detail::pool pool;
    explore::threads([&] { open(pool, memory); },
                     [&] {
                       const auto got = pool.acquire();
                       check(got || got.error() == fault::pool_closed, "the wrong error");
                       if (got) chime::detail::release(**got);
                     });
    check(pool.close() == 0, "an event is missing");
  });
}

TEST(open_model, against_the_first_cache) {
  expect_holds({.preemptions = 3, .stale_reads = 2}, [] {
    machine kernel;
    accounted_memory memory{kernel.memory()};
    chime::detail::pool pool;
    explore::threads([&] { open(pool, memory); }, [&] { cache mine(pool); });
    check(pool.close() == 0, "an event is missing");
  });
}

TEST(open_model, again_after_a_close_elsewhere) {
  expect_holds({.preemptions = 3, .stale_reads = 2}, [] {
    machine kernel;
    accounted_memory memory{kernel.memory()};
    chime::detail::pool pool;
    check(!pool.open(nullptr, memory.options(1), nullptr), "the pool did not open");
    explore::threads([&] { check(pool.close() == 0, "an event is missing"); },
                     [&] {
                       const std::error_code failed = pool.open(nullptr, memory.options(1), nullptr);
                       check(!failed || failed == fault::pool_already_open, "the wrong error");
                     });
    check(pool.close() == 0, "an event is missing");
  });
}

}  // namespace
