// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The part of the memory (memory.hpp) that has no histories: the life of objects, and plain cells with their races.
#include "explorer/execution.hpp"
#include "explorer/memory.hpp"

#include <cstring>

namespace chime::explore {

std::string memory::label(const object& it, const char* kind, number n) const {
  return it.name != nullptr ? std::string(it.name) : std::string(kind) + " #" + std::to_string(n);
}

void memory::is_dead(const object& it, const char* kind, number n) const {
  if (!it.alive) run_.fail(label(it, kind, n) + " is used after its end");
  run_.fail("data race: " + label(it, kind, n) + " is used by a thread that may not see it constructed");
}

number memory::make_cell(const void* owner, const void* value, std::size_t size) {
  if (cell_count_ == cells_.size()) cells_.emplace_back();
  cell& c = cells_[cell_count_++];
  c.owner = owner;
  c.name = nullptr;
  c.alive = true;
  c.birth = c.written = run_.advance_clock();
  c.read = {};
  if (size != 0) std::memcpy(c.value.data(), value, size);
  return static_cast<number>(cell_count_);
}

cell& memory::enter_cell(number n, const void* owner) {
  if (n == 0 || n > cell_count_ || cells_[n - 1].owner != owner) {
    run_.fail("a plain field is used that was not constructed in this execution, or whose memory is gone");
  }
  cell& c = cells_[n - 1];
  check_life(run_.self().now, c, "plain field", n);
  if (!run_.self().now.covers(c.written)) {
    run_.fail("data race: thread " + std::to_string(run_.running()) + " uses " + label(c, "plain field", n) +
              ", which thread " + std::to_string(c.written.thread) + " writes");
  }
  return c;
}

const std::byte* memory::read_cell(number n, const void* owner) {
  cell& c = enter_cell(n, owner);
  c.read.note(run_.advance_clock());
  return c.value.data();
}

std::byte* memory::write_cell(number n, const void* owner) {
  cell& c = enter_cell(n, owner);
  if (!run_.self().now.covers(c.read)) {
    run_.fail("data race: thread " + std::to_string(run_.running()) + " writes " + label(c, "plain field", n) +
              ", which another thread reads");
  }
  c.written = run_.advance_clock();
  return c.value.data();
}

void memory::drop_cell(number n, const void* owner) {
  if (n == 0 || n > cell_count_ || cells_[n - 1].owner != owner || !cells_[n - 1].alive) return;
  cell& c = enter_cell(n, owner);
  if (!run_.self().now.covers(c.read)) {
    run_.fail(label(c, "plain field", n) + " is destroyed while another thread may still use it");
  }
  c.alive = false;
}

}  // namespace chime::explore
