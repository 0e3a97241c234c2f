// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "memory.hpp"

#include <cstring>
#include <new>

#include "simulation.hpp"

namespace chime::simulation {

allocator memory::get() noexcept {
  return {
      .allocate = [](void* self, std::size_t size,
                     std::size_t alignment) noexcept { return static_cast<memory*>(self)->take(size, alignment); },
      .deallocate = [](void* self, void* block, std::size_t size,
                       std::size_t alignment) noexcept { static_cast<memory*>(self)->give(block, size, alignment); },
      .context = this};
}

void* memory::take(std::size_t size, std::size_t alignment) noexcept {
  of_.let_others_act();
  if (of_.goes_wrong(of_.how.no_memory, step::no_memory)) {
    ++refused_;
    return nullptr;
  }
  ++blocks_out_;
  bytes_out_ += static_cast<std::int64_t>(size);
  void* const block = ::operator new(size, std::align_val_t{alignment});
  std::memset(block, 0xCD, size);
  return block;
}

void memory::give(void* block, std::size_t size, std::size_t alignment) noexcept {
  of_.let_others_act();
  --blocks_out_;
  bytes_out_ -= static_cast<std::int64_t>(size);
  of_.require(blocks_out_ >= 0 && (blocks_out_ != 0 || bytes_out_ == 0), "blocks come back as they were not given",
              blocks_out_, bytes_out_);
  std::memset(block, 0xDD, size);
  ::operator delete(block, size, std::align_val_t{alignment});
}

}  // namespace chime::simulation
