// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// -fno-exceptions -fno-rtti
#include <chime/chime.hpp>
#include <cstdio>
#include <vector>
struct arena {  // one per NUMA node; here: a bump over memory bound elsewhere
  unsigned node;
  char* next;
  char* end;
  static void* take(void* c, std::size_t n, std::size_t a) noexcept {
    auto* self = static_cast<arena*>(c);
    auto p = (reinterpret_cast<std::uintptr_t>(self->next) + a - 1) / a * a;
    if (p + n > reinterpret_cast<std::uintptr_t>(self->end)) return nullptr;
    self->next = reinterpret_cast<char*>(p + n);
    return reinterpret_cast<void*>(p);
  }
  static void give(void*, void*, std::size_t, std::size_t) noexcept {}
};
struct node_runtime {  // everything embedded; nothing on the heap
  arena memory;
  chime::proactor loop;
  chime::event_pool pool;
};
static int start(node_runtime& n) {
  chime::allocator from{&arena::take, &arena::give, &n.memory};
  if (auto r = n.loop.open({.memory = from}); !r) return r.error().value();
  if (auto r = n.pool.open(n.loop, {.initial_capacity = 1'000'000, .memory = from}); !r) {
    if (r.error() == chime::errc::resource_exhausted) std::fprintf(stderr, "node %u: 64 MB wanted\n", n.memory.node);
    return r.error().value();
  }
  return 0;
}
static char memory[2][80 << 20];
static node_runtime nodes[2] = {{{0, memory[0], memory[0] + sizeof memory[0]}, {}, {}},
                                {{1, memory[1], memory[1] + sizeof memory[1]}, {}, {}}};
static void count(void* c, chime::completion&&) { ++*static_cast<std::size_t*>(c); }
int main() {
  for (auto& n : nodes)
    if (int e = start(n)) return e;
  std::size_t seen = 0;
  std::vector<chime::ticket> tickets;
  for (int i = 0; i < 1'000'000; ++i) {
    auto ev = nodes[0].pool.acquire();
    if (!ev) return 1;
    tickets.push_back(ev->get_ticket());
    std::move(*ev).submit({&count, &seen});
  }
  for (auto t : tickets) t.signal();
  while (seen < tickets.size())
    if (!nodes[0].loop.poll(std::chrono::seconds(1))) return 1;
  std::printf("%zu\n", seen);
}
