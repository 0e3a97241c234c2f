// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The public faces of pool and cache: storage, and the loud stops of their destructors.
#include "chime/pool.hpp"

#include <new>

#include "pool/cache.hpp"
#include "proactor/loop.hpp"
#include "sync/misuse.hpp"

namespace chime {
inline namespace v1 {
namespace {

[[nodiscard]] detail::pool& pool_in(unsigned char* storage) noexcept {
  return *std::launder(reinterpret_cast<detail::pool*>(storage));
}
[[nodiscard]] detail::cache& cache_in(unsigned char* storage) noexcept {
  return *std::launder(reinterpret_cast<detail::cache*>(storage));
}

[[nodiscard]] result<event> as_event(result<detail::cell*> got) noexcept {
  if (!got) return std::unexpected(got.error());
  return detail::cell::hand_out(**got);
}

[[nodiscard]] result<void> as_result(std::error_code error) noexcept {
  if (error) return std::unexpected(error);
  return {};
}

}  // namespace

event_pool::event_pool() noexcept {
  static_assert(sizeof(storage_) >= sizeof(detail::pool) && alignof(event_pool) >= alignof(detail::pool));
  new (storage_) detail::pool;
}

event_pool::~event_pool() {
  detail::pool& p = pool_in(storage_);
  const std::size_t out = p.close();
  if (out != 0) detail::misuse("events are out of a pool that is being destroyed", static_cast<std::ptrdiff_t>(out));
  p.~pool();
}

result<void> event_pool::open(proactor& loop, const pool_options& options) noexcept {
  detail::loop* const l = detail::loop_access::of(loop);
  if (l == nullptr) return as_result(make_error_code(fault::loop_closed));
  return as_result(pool_in(storage_).open(l, options, nullptr));
}

result<void> event_pool::open(const pool_options& options) noexcept {
  if (options.native) return as_result(make_error_code(fault::native_only_in_loop));
  return as_result(pool_in(storage_).open(nullptr, options, nullptr));
}

result<event> event_pool::acquire() noexcept { return as_event(pool_in(storage_).acquire()); }
std::size_t event_pool::close() noexcept { return pool_in(storage_).close(); }
void event_pool::cancel_all() noexcept { pool_in(storage_).cancel_all(); }
void event_pool::trim() noexcept { pool_in(storage_).trim(); }
pool_stats event_pool::stats() const noexcept {
  return pool_in(const_cast<unsigned char*>(storage_)).stats();  // NOLINT: counts without changing
}

event_cache::event_cache(event_pool& pool) noexcept {
  static_assert(sizeof(storage_) >= sizeof(detail::cache) && alignof(event_cache) >= alignof(detail::cache));
  new (storage_) detail::cache(pool_in(pool.storage_));
}

event_cache::~event_cache() { cache_in(storage_).~cache(); }

result<event> event_cache::acquire() noexcept { return as_event(cache_in(storage_).acquire()); }

void event_cache::release(event&& ev) noexcept {
  if (detail::cell* c = detail::cell::take_from(ev); c != nullptr) cache_in(storage_).release(*c);
}

}  // namespace v1
}  // namespace chime
