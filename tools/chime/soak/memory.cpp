// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "memory.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <system_error>

namespace chime::soak {

allocator counted_heap::get() noexcept {
  return {.allocate = [](void* self, std::size_t size, std::size_t alignment) noexcept -> void* {
            void* const block = ::operator new(size, std::align_val_t{alignment}, std::nothrow);
            if (block != nullptr) static_cast<counted_heap*>(self)->bytes_.fetch_add(size, std::memory_order_relaxed);
            return block;
          },
          .deallocate =
              [](void* self, void* block, std::size_t size, std::size_t alignment) noexcept {
                static_cast<counted_heap*>(self)->bytes_.fetch_sub(size, std::memory_order_relaxed);
                ::operator delete(block, std::align_val_t{alignment});
              },
          .context = this};
}

std::size_t resident_bytes() {
  std::ifstream statm{"/proc/self/statm"};
  std::size_t all = 0;
  std::size_t resident = 0;
  const long page = ::sysconf(_SC_PAGESIZE);
  return statm >> all >> resident && page > 0 ? resident * static_cast<std::size_t>(page) : 0;
}

std::size_t open_descriptors() {
  std::error_code unknown;
  const std::filesystem::directory_iterator all{"/proc/self/fd", unknown};
  return unknown ? 0 : static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace chime::soak
