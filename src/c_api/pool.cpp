// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The pool and its caches, in storage that a C program owns.
///
/// Zeroed storage is a pool that was never opened: such a pool has a 0 in every field that is read. So one that was
/// forgotten, or has been deinitialised, is refused like a closed one.
#include <new>

#include "c_api/convert.hpp"
#include "c_api/proactor.hpp"
#include "pool/cache.hpp"
#include "pool/pool.hpp"
#include "sync/misuse.hpp"

using namespace chime;

namespace {

using detail::cell;
using detail::pool;

// The C structs have room to spare, since their size can never change.
static_assert(sizeof(chime_pool) >= sizeof(pool) && alignof(chime_pool) >= alignof(pool));
static_assert(sizeof(chime_cache) >= sizeof(detail::cache) && alignof(chime_cache) >= alignof(detail::cache));
static_assert(static_cast<int>(detail::door::never_opened) == 0);
static_assert(std::is_trivially_destructible_v<pool>, "C storage is freed without a destructor");

static_assert(CHIME_PRIMITIVE_AUTOMATIC == static_cast<int>(primitive::automatic));
static_assert(CHIME_PRIMITIVE_EVENTFD == static_cast<int>(primitive::eventfd));
static_assert(CHIME_PRIMITIVE_PIPE == static_cast<int>(primitive::pipe));

/// Version 0.1's structs, which every later library accepts. Numbers, so that they stay when the structs grow.
constexpr std::size_t smallest_options = 32;
constexpr std::size_t smallest_stats = 56;
static_assert(sizeof(chime_pool_options) >= smallest_options && sizeof(chime_pool_stats) >= smallest_stats);

[[nodiscard]] pool& pool_in(chime_pool* storage) noexcept { return *std::launder(reinterpret_cast<pool*>(storage)); }
[[nodiscard]] detail::cache& cache_in(chime_cache* storage) noexcept {
  return *std::launder(reinterpret_cast<detail::cache*>(storage));
}

/// The pool's completer: the last thing that the loop does for a wait.
void run_c_callback(cell& c, std::error_code error) noexcept {
  const auto callback = reinterpret_cast<chime_callback>(c.function.get());
  callback(c.context.get(), c_api::status_of(error), c_api::to_c(c));
}

[[nodiscard]] int give(const result<cell*>& got, chime_event** out) noexcept {
  if (!got) return c_api::status_of(got);
  *out = c_api::to_c(**got);
  return 0;
}

[[nodiscard]] bool is_in_use(const pool& p) noexcept {
  return p.state.load(std::memory_order_relaxed) != detail::door::never_opened;
}

[[nodiscard]] int open(chime_proactor& proactor, const pool_options& options, chime_pool* out) noexcept {
  if (!c_api::is_aligned(out)) return -EINVAL;
  if (is_in_use(pool_in(out))) return -EBUSY;
  auto* made = new (out) pool;
  return c_api::status_of(made->open(detail::loop_access::of(proactor.core), options, run_c_callback));
}

}  // namespace

int chime_pool_initialize(chime_proactor* proactor, chime_allocator allocator, size_t initial_capacity,
                          chime_pool* out) {
  if (proactor == nullptr || out == nullptr) return -EINVAL;
  return open(*proactor, {.initial_capacity = initial_capacity, .memory = c_api::to_cpp(allocator)}, out);
}

int chime_pool_initialize_with(chime_proactor* proactor, chime_allocator allocator, const chime_pool_options* given,
                               chime_pool* out) {
  if (proactor == nullptr || given == nullptr || out == nullptr) return -EINVAL;
  chime_pool_options options = {};
  if (const int refused = c_api::read_sized(*given, smallest_options, options); refused != 0) return refused;
  if (options.primitive > CHIME_PRIMITIVE_PIPE) return -EINVAL;
  return open(*proactor,
              {.initial_capacity = options.initial_capacity,
               .maximum_capacity = options.maximum_capacity != 0 ? options.maximum_capacity : SIZE_MAX,
               .native = options.native,
               .kind = static_cast<primitive>(options.primitive),
               .memory = c_api::to_cpp(allocator)},
              out);
}

size_t chime_pool_deinitialize(chime_pool* storage) {
  if (storage == nullptr || !is_in_use(pool_in(storage))) return 0;
  return pool_in(storage).close();
}

int chime_pool_acquire(chime_pool* storage, chime_event** out) {
  if (out != nullptr) *out = nullptr;
  if (storage == nullptr || out == nullptr) return -EINVAL;
  return give(pool_in(storage).acquire(), out);
}

void chime_pool_release(chime_pool* storage, chime_event* event) {
  if (event == nullptr) return;
  cell& c = c_api::to_cell(event);
  // By the address alone: storage that is null, or no pool in use, is not read.
  if (c.its_page().header.pool != storage) detail::misuse("an event was released to another pool than its own");
  detail::release(c);
}

void chime_pool_cancel_all(chime_pool* storage) {
  if (storage != nullptr) pool_in(storage).cancel_all();
}

void chime_pool_trim(chime_pool* storage) {
  if (storage != nullptr) pool_in(storage).trim();
}

int chime_pool_stats_read(const chime_pool* storage, chime_pool_stats* stats) {
  if (storage == nullptr || stats == nullptr) return -EINVAL;
  // Counts without changing anything but a lock.
  const pool_stats now = pool_in(const_cast<chime_pool*>(storage)).stats();
  return c_api::write_sized({.size = 0,
                             .made = now.made,
                             .free = now.free,
                             .cached = now.cached,
                             .held = now.held,
                             .retired = now.retired,
                             .stale_signals = now.stale_signals},
                            smallest_stats, *stats);
}

// Caches: one that is zeroed has no home.

int chime_cache_initialize(chime_pool* pool, chime_cache* out) {
  if (pool == nullptr || out == nullptr || !c_api::is_aligned(out)) return -EINVAL;
  if (cache_in(out).of != nullptr) return -EBUSY;
  if (const std::error_code closed = pool_in(pool).check_open()) return c_api::status_of(closed);
  new (out) detail::cache(detail::cache::settle(pool_in(pool)));
  return 0;
}

void chime_cache_deinitialize(chime_cache* cache) {
  if (cache == nullptr || cache_in(cache).of == nullptr) return;
  cache_in(cache).leave();
  *cache = {};
}

void chime_cache_detach(chime_cache* cache) {
  if (cache != nullptr && cache_in(cache).of != nullptr) cache_in(cache).detach();
}

int chime_cache_acquire(chime_cache* cache, chime_event** out) {
  if (out != nullptr) *out = nullptr;
  if (cache == nullptr || out == nullptr) return -EINVAL;
  if (cache_in(cache).of == nullptr) return -ESHUTDOWN;
  // Inline what C++ has inline.
  if (detail::event_front* const e = cache_in(cache).front->take(); e != nullptr) {
    *out = c_api::to_c(static_cast<cell&>(*e));
    return 0;
  }
  return give(cache_in(cache).acquire(), out);
}

void chime_cache_release(chime_cache* cache, chime_event* event) {
  if (event == nullptr) return;
  if (cache == nullptr) detail::misuse("an event was released to a null cache");
  // A cache that is not in use has no pool, so this finds the event to be another pool's.
  cache_in(cache).release(c_api::to_cell(event));
}
