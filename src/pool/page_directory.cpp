// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "pool/page_directory.hpp"

#include <new>

#include "event/native.hpp"
#include "pool/pocket.hpp"
#include "sync/misuse.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {
namespace {

constexpr std::size_t block_size = event_pool::page_size;

[[nodiscard]] void* take_block(const allocator& memory) noexcept {
  return memory.allocate(memory.context, block_size, block_size);
}
void give_block(const allocator& memory, void* block) noexcept {
  if (block != nullptr) memory.deallocate(memory.context, block, block_size, block_size);
}

struct native_block {
  native_state states[page::cells_per_page];
};
static_assert(sizeof(native_block) <= block_size);

/// A page whose events are all free in their first use; its natives have no primitive yet.
[[nodiscard]] page* make_page(const page_header& common, std::uint32_t number, bool natives,
                              const allocator& memory) noexcept {
  void* block = take_block(memory);
  if (block == nullptr) return nullptr;
  if (reinterpret_cast<std::uintptr_t>(block) >= pocket::address_limit)
    misuse("an allocator gave a pool memory beyond the first 2^48 bytes");
  void* native_memory = nullptr;
  if (natives && (native_memory = take_block(memory)) == nullptr) {
    give_block(memory, block);
    return nullptr;
  }
  auto* made = new (block) page;
  made->header = common;
  made->header.first_index = number * page::cells_per_page + 1;
  if (natives) made->header.natives = (new (native_memory) native_block)->states;
  for (cell& c : made->cells) new (&c.word) event_word(word_value{1, 0, phase::free});
  return made;
}

void destroy_page(page* p, const allocator& memory) noexcept {
  if (p == nullptr) return;
  give_block(memory, p->header.natives);
  p->~page();
  give_block(memory, p);
}

/// What stands in the slot after this: ours if it was empty. Release: pairs with the acquire of every find; acquire:
/// the loser uses the winner's page.
[[nodiscard]] void* install(sync::atomic<void*>& slot, void* ours) noexcept {
  void* winner = nullptr;
  return slot.compare_exchange_strong(winner, ours, std::memory_order_acq_rel, std::memory_order_acquire) ? ours
                                                                                                          : winner;
}

/// The node in the slot, made if need be; null: no memory.
template <class Node>
[[nodiscard]] Node* ensure_node(sync::atomic<void*>& slot, const allocator& memory) noexcept {
  if (void* there = slot.load(std::memory_order_acquire); there != nullptr) return static_cast<Node*>(there);
  void* block = take_block(memory);
  if (block == nullptr) return nullptr;
  void* stands = install(slot, new (block) Node);
  if (stands != block) give_block(memory, block);
  return static_cast<Node*>(stands);
}

}  // namespace

sync::atomic<void*>* page_directory::slot_of(std::uint32_t number, const allocator& memory) noexcept {
  if (number < direct_pages) return &direct_[number];
  const std::uint32_t rest = number - direct_pages;
  node* root = ensure_node<node>(root_, memory);
  node* leaf = root == nullptr ? nullptr : ensure_node<node>(root->slots[rest / fanout], memory);
  return leaf == nullptr ? nullptr : &leaf->slots[rest % fanout];
}

page* page_directory::ensure(std::uint32_t number, const page_header& common, bool natives,
                             const allocator& memory) noexcept {
  if (page* there = find_page(number); there != nullptr) return there;
  sync::atomic<void*>* slot = slot_of(number, memory);
  page* ours = slot == nullptr ? nullptr : make_page(common, number, natives, memory);
  if (ours == nullptr) return find_page(number);  // another thread may have been luckier
  auto* stands = static_cast<page*>(install(*slot, ours));
  if (stands != ours) destroy_page(ours, memory);
  return stands;
}

// Relaxed loads and stores: the caller is alone, and has acquired whatever the others did.
void page_directory::free_all(const allocator& memory) noexcept {
  const auto empty = [](sync::atomic<void*>& slot) {
    void* content = slot.load(std::memory_order_relaxed);
    slot.store(nullptr, std::memory_order_relaxed);
    return content;
  };
  for (auto& slot : direct_) destroy_page(static_cast<page*>(empty(slot)), memory);
  auto* root = static_cast<node*>(empty(root_));
  if (root == nullptr) return;
  for (auto& branch : root->slots) {
    auto* leaf = static_cast<node*>(empty(branch));
    if (leaf == nullptr) continue;
    for (auto& slot : leaf->slots) destroy_page(static_cast<page*>(empty(slot)), memory);
    give_block(memory, leaf);
  }
  give_block(memory, root);
}

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
