// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Memory of one NUMA node. Of libnuma only the system calls are used: its own allocation functions print, exit, or
/// quietly take memory of another node when something fails, and its numa_available() does not see a sandbox.
#include <numaif.h>

#include <cerrno>
#include <climits>
#include <cstdint>

#include "chime/memory.hpp"
#include "error/system.hpp"
#include "memory/mapping.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace {

/// As many nodes as any Linux kernel can number.
constexpr unsigned node_limit = 1024;

class node_set {
 public:
  void add(unsigned node) noexcept { words_[node / word_bits] |= bit(node); }
  [[nodiscard]] bool contains(unsigned node) const noexcept {
    return node < node_limit && (words_[node / word_bits] & bit(node)) != 0;
  }
  [[nodiscard]] unsigned long* words() noexcept { return words_; }
  /// The kernel takes one more than the number of bits that it reads and writes.
  static constexpr unsigned long kernel_size = node_limit + 1;

 private:
  static constexpr unsigned word_bits = sizeof(unsigned long) * CHAR_BIT;
  static unsigned long bit(unsigned node) noexcept { return 1UL << (node % word_bits); }

  unsigned long words_[node_limit / word_bits] = {};
};

bool set_policy(std::byte* start, std::size_t size, int policy, unsigned node, unsigned flags) noexcept {
  node_set only;
  only.add(node);
  return mbind(start, size, policy, only.words(), node_set::kernel_size, flags) == 0;
}

/// Takes pages of the node or none. Were they bound before they are taken, a full node would bring on the kernel's
/// out-of-memory killer, though other nodes have memory. So the node is only preferred at first; binding then fails if
/// some pages are elsewhere; and if so, a second try moves them, which makes the kernel reclaim memory but kill
/// nothing.
bool populate_on(std::byte* start, std::size_t size, unsigned node) noexcept {
  return set_policy(start, size, MPOL_PREFERRED, node, 0) && detail::populate(start, size) &&
         (set_policy(start, size, MPOL_BIND, node, MPOL_MF_STRICT) ||
          set_policy(start, size, MPOL_BIND, node, MPOL_MF_STRICT | MPOL_MF_MOVE));
}

// The context is the number itself and is never followed, so that the allocator has nothing to outlive.
void* context_of(unsigned node) noexcept {
  return reinterpret_cast<void*>(std::uintptr_t{node});  // NOLINT(performance-no-int-to-ptr)
}
unsigned node_of(void* context) noexcept { return static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(context)); }

void* allocate_bound(void* context, std::size_t size, std::size_t alignment) noexcept {
  const unsigned node = node_of(context);
  return detail::map(size, alignment,
                     [node](std::byte* start, std::size_t whole) { return populate_on(start, whole, node); });
}

result<allocator> without_numa(unsigned node, int failed) noexcept {
  // ENOSYS: the kernel was built without NUMA. EPERM: a sandbox, such as a container's, refuses the call. There is no
  // other failure as long as no kernel numbers more nodes than a node_set.
  if (failed != ENOSYS && failed != EPERM) return std::unexpected(detail::system_error(failed));
  if (node != 0) return std::unexpected(make_error_code(fault::numa_unavailable));
  return detail::mapped_memory();
}

}  // namespace

result<allocator> numa_allocator(unsigned node) noexcept {
  // Asked each time, since the nodes that a process may use can change while it runs.
  node_set allowed;
  if (get_mempolicy(nullptr, allowed.words(), node_set::kernel_size, nullptr, MPOL_F_MEMS_ALLOWED) != 0) {
    return without_numa(node, errno);
  }
  if (!allowed.contains(node)) return std::unexpected(make_error_code(fault::unknown_node));
  return allocator{.allocate = allocate_bound, .deallocate = detail::unmap_block, .context = context_of(node)};
}

}  // namespace CHIME_ABI
}  // namespace chime
