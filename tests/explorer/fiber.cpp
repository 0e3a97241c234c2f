// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "explorer/fiber.hpp"

#include <sanitizer/asan_interface.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#if defined(__x86_64__)

// The System V ABI asks a callee to keep six registers and the stack pointer. The floating-point control words are left
// out: no model changes them. A fresh fiber finds its argument in r12 and its entry in r13.
asm(R"(
.text
.p2align 4
.type chime_explore_switch, @function
chime_explore_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size chime_explore_switch, .-chime_explore_switch
.p2align 4
.type chime_explore_begin, @function
chime_explore_begin:
  movq %r12, %rdi
  callq *%r13
  ud2
.size chime_explore_begin, .-chime_explore_begin
)");

extern "C" {
void chime_explore_switch(void** save, void* to);
void chime_explore_begin();
}

#endif

namespace chime::explore {

fiber::~fiber() {
  if (stack_ != nullptr) munmap(stack_, guard_bytes + stack_bytes);
}

void fiber::prepare(entry start, void* argument) {
  if (stack_ == nullptr) {
    void* pages = mmap(nullptr, guard_bytes + stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages, guard_bytes, PROT_NONE) != 0) {
      std::fputs("explore: no memory for a fiber's stack\n", stderr);
      std::abort();
    }
    stack_ = static_cast<char*>(pages);
  }
  // AddressSanitizer, if it is there, still guards the frames of an abandoned fiber.
  ASAN_UNPOISON_MEMORY_REGION(stack_ + guard_bytes, stack_bytes);
#if defined(__x86_64__)
  // The switch pops six registers and returns to the beginning with the stack aligned to 16, as a call wants it.
  auto* top = reinterpret_cast<std::uintptr_t*>(stack_ + guard_bytes + stack_bytes) - 9;
  top[0] = 0;                                           // r15
  top[1] = 0;                                           // r14
  top[2] = reinterpret_cast<std::uintptr_t>(start);     // r13
  top[3] = reinterpret_cast<std::uintptr_t>(argument);  // r12
  top[4] = 0;                                           // rbx
  top[5] = 0;                                           // rbp
  top[6] = reinterpret_cast<std::uintptr_t>(&chime_explore_begin);
  stack_pointer_ = top;
#else
  start_ = start;
  argument_ = argument;
  getcontext(&context_);
  context_.uc_stack.ss_sp = stack_ + guard_bytes;
  context_.uc_stack.ss_size = stack_bytes;
  context_.uc_link = nullptr;
  const auto self = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(this));
  makecontext(&context_, reinterpret_cast<void (*)()>(&fiber::start_on_stack), 2, static_cast<unsigned>(self >> 32),
              static_cast<unsigned>(self));
#endif
}

void fiber::jump(fiber& from, fiber& to) {
#if defined(__x86_64__)
  chime_explore_switch(&from.stack_pointer_, to.stack_pointer_);
#else
  swapcontext(&from.context_, &to.context_);
#endif
}

#if !defined(__x86_64__)
// makecontext hands over ints only, so the fiber's address travels in two halves.
void fiber::start_on_stack(unsigned high, unsigned low) {
  auto* self = reinterpret_cast<fiber*>(static_cast<std::uintptr_t>((std::uint64_t{high} << 32) | low));
  self->start_(self->argument_);
}
#endif

}  // namespace chime::explore
