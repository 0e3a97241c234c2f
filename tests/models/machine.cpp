// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "machine.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace chime::models {
namespace {

machine* the_machine = nullptr;

// At a fixed place, since the product reads numbers out of pointers (stale links): a trace then means the same in
// every process. What one execution leaves there is only overwritten by a later one.
constexpr std::uintptr_t arena_begin = 0x2000'0000'0000;
constexpr std::size_t arena_bytes = 1U << 20U;
std::size_t arena_used = 0;

void map_arena() {
  static const bool mapped = [] {
    void* const wanted = reinterpret_cast<void*>(arena_begin);
    return mmap(wanted, arena_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
                0) == wanted;
  }();
  if (mapped) return;
  std::fputs("models: the arena cannot be mapped\n", stderr);
  std::abort();
}

}  // namespace

machine::machine(const machine_options& how) : how_(how) {
  map_arena();
  arena_used = 0;
  the_machine = this;
}

machine::~machine() {
  if (blocks_out_ != 0) explore::execution::current().fail("memory was not given back");
  for (auto& d : descriptors_) {
    if (d && d->is_open) explore::execution::current().fail("a descriptor was not closed");
  }
  the_machine = nullptr;
}

machine& machine::current() {
  if (the_machine == nullptr) explore::execution::current().fail("the model has no machine");
  return *the_machine;
}

allocator machine::memory() {
  return {.allocate = [](void* context, std::size_t size, std::size_t alignment) noexcept -> void* {
            auto& self = *static_cast<machine*>(context);
            if (self.allocations_left_ == 0) return nullptr;
            --self.allocations_left_;
            const std::size_t begin = (arena_used + alignment - 1) & ~(alignment - 1);
            if (begin + size > arena_bytes) return nullptr;
            arena_used = begin + size;
            ++self.blocks_out_;
            return reinterpret_cast<void*>(arena_begin + begin);
          },
          .deallocate = [](void* context, void*, std::size_t,
                           std::size_t) noexcept { --static_cast<machine*>(context)->blocks_out_; },
          .context = this};
}

// Not in the class: within it, clang does not know yet that a descriptor can be made of nothing.
machine::descriptor::descriptor() = default;

machine::descriptor& machine::at(int handle) {
  const int place = handle - first_handle;
  if (place < 0 || place >= made_) explore::execution::current().fail("no such descriptor");
  descriptor& d = *descriptors_[static_cast<std::size_t>(place)];
  d.life.use();
  return d;
}

int machine::open() {
  if (static_cast<std::size_t>(made_) == most) return -EMFILE;
  descriptors_[static_cast<std::size_t>(made_)].emplace();
  return first_handle + made_++;
}

void machine::close(int handle) {
  explore::execution::current().point();
  descriptor& d = at(handle);
  d.is_open = false;
  d.life.end();
}

void machine::write(int handle) {
  explore::execution::current().point();
  ++at(handle).count;
  bool news = false;
  for (active_work& a : active_) {
    if (a.work == nullptr || a.work->handle != handle) continue;
    news = true;
    if (how_.reads_at_once) serve(a);
  }
  if (news) interrupt_.ring();
}

// A doorbell is read by nobody: what counts is the edge.
void machine::ring(int handle) {
  interrupt_.ring();
  ++at(handle).count;
  ++rings_;
}

std::uint64_t machine::read(int handle) {
  explore::execution::current().point();
  return std::exchange(at(handle).count, 0);
}

// The kernel's part of a piece of work whose handle may be ready.
void machine::serve(active_work& a) {
  if (a.over) return;
  if (how_.fails_once && !std::exchange(has_failed_, true)) {
    a.over = true;
    a.result = -EIO;
    return;
  }
  if (!readable(a.work->handle)) return;
  a.over = true;
  a.result = 0;
  if (a.work->wanted != detail::request::drain) return;
  const std::uint64_t got = std::exchange(at(a.work->handle).count, 0);
  static_cast<detail::drain_work*>(a.work)->buffer = got;
  a.result = how_.pipes ? static_cast<int>(got) : 8;
}

void machine::attach(detail::kernel_work* work) {
  for (active_work& a : active_) {
    if (a.work == work) explore::execution::current().fail("work is started twice");
  }
  for (active_work& a : active_) {
    if (a.work != nullptr) continue;
    a = {work, 0, false};
    if (how_.reads_at_once) serve(a);
    return;
  }
  explore::execution::current().fail("the model's backend has no room left");
}

// True: ended at once. Where reads happen at once there is always a report still to come.
bool machine::detach(detail::kernel_work& work) {
  for (active_work& a : active_) {
    if (a.work != &work) continue;
    if (!how_.reads_at_once) {
      a = {};
      return true;
    }
    if (!a.over) a = {&work, -ECANCELED, true};
    return false;
  }
  explore::execution::current().fail("work is stopped that is not active");
}

detail::kernel_work* machine::next_finished(int& result) {
  for (active_work& a : active_) {
    if (a.work == nullptr) continue;
    serve(a);
    if (!a.over) continue;
    result = a.result;
    return std::exchange(a, {}).work;
  }
  return nullptr;
}

bool machine::take_fullness() { return how_.full_once && !std::exchange(was_full_, true); }
bool machine::take_refusal() { return how_.refuses_first && !std::exchange(has_refused_, true); }

void machine::rest(bool may_time_out) {
  if (may_time_out) {
    (void)interrupt_.wait_or_time_out();
  } else {
    interrupt_.wait();
  }
}

void machine::await(int handle) {
  explore::execution::current().point();
  while (!readable(handle)) interrupt_.wait();
}

void machine::sleep(std::int64_t timeout_ns) {
  if (timeout_ns == 0) return;
  // Deadlines are `never` or have passed, so only the retry of work that found no room takes a time.
  if (timeout_ns > 0 && !how_.full_once) {
    explore::execution::current().fail("the loop sleeps towards a deadline that has passed");
  }
  rest(timeout_ns > 0 || early_returns_++ < how_.early_returns);
}

}  // namespace chime::models
