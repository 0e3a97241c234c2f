// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// One futex word for each slot, waited for by io_uring (from Linux 6.7): no descriptor, but a system call for each
/// signal. Written with raw entries, since older liburing has no helpers for it.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <vector>

#include "rivals/signal/interface.hpp"
#include "rivals/signal/uring.hpp"

namespace chime::bench {

template <class Handler>
class uring_futex_loop {
 public:
  static constexpr const char* name = "uring-futex";

  uring_futex_loop(layout l, Handler& handler) : handler_(handler), slots_(l.total()) {}
  void open() { ring_ = std::make_unique<uring>(256, uring::for_a_loop); }
  void close() { ring_.reset(); }

  /// The value that must change is the one at arming: a signal that comes before the kernel looks makes the wait end at
  /// once, with EAGAIN.
  void arm(unsigned slot) {
    // Acquire: what a signal that has been consumed wrote.
    slots_[slot].expected = slots_[slot].word.load(std::memory_order_acquire);
    submit_wait(slot);
  }
  void poll(bool may_block) {
    ring_->poll(may_block, [this](std::uint64_t number, int result) {
      const auto slot = static_cast<unsigned>(number);
      if (result != -EAGAIN) checked_code(result, "FUTEX_WAIT");
      if (slots_[slot].word.load(std::memory_order_acquire) == slots_[slot].expected) return submit_wait(slot);
      handler_(slot);
    });
  }

  class producer {
   public:
    producer(uring_futex_loop& loop, unsigned) : loop_(loop) {}
    void signal(unsigned slot) {
      auto& word = loop_.slots_[slot].word;
      word.fetch_add(1, std::memory_order_release);
      checked(::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0), "futex");
    }

   private:
    uring_futex_loop& loop_;
  };

 private:
  static constexpr unsigned char wait_opcode = 51;  // IORING_OP_FUTEX_WAIT
  static constexpr int private_word = 0x02 | 0x80;  // FUTEX2_SIZE_U32 | FUTEX2_PRIVATE
  static constexpr std::uint64_t any_waker = ~0U;   // FUTEX_BITSET_MATCH_ANY
  struct alignas(64) slot_state {
    std::atomic<std::uint32_t> word{0};
    std::uint32_t expected = 0;
  };

  void submit_wait(unsigned slot) {
    io_uring_sqe& wait = ring_->entry();
    io_uring_prep_rw(wait_opcode, &wait, private_word, &slots_[slot].word, 0, slots_[slot].expected);
    wait.addr3 = any_waker;
    wait.user_data = slot;
  }

  Handler& handler_;
  std::vector<slot_state> slots_;
  std::unique_ptr<uring> ring_;
};

}  // namespace chime::bench
