// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The public faces of pool and cache: storage, and the loud stops of their destructors.
#include "chime/pool.hpp"

#include <new>

#include "error/system.hpp"
#include "pool/cache.hpp"
#include "proactor/loop.hpp"
#include "sync/misuse.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace {

[[nodiscard]] detail::pool& pool_in(unsigned char* storage) noexcept {
  return *std::launder(reinterpret_cast<detail::pool*>(storage));
}

[[nodiscard]] detail::acquired as_acquired(const result<detail::cell*>& got) noexcept {
  if (got) return {*got, 0, false};
  return {nullptr, got.error().value(), got.error().category() == make_error_code(fault::pool_closed).category()};
}

[[nodiscard]] result<void> as_result(std::error_code error) noexcept {
  if (error) return std::unexpected(error);
  return {};
}

}  // namespace

std::error_code detail::error_of(acquired got) noexcept {
  return got.is_fault ? make_error_code(static_cast<fault>(got.code)) : system_error(got.code);
}

event_pool::event_pool() noexcept {
  static_assert(sizeof(storage_) >= sizeof(detail::pool) && alignof(event_pool) >= alignof(detail::pool));
  new (storage_) detail::pool;
}

event_pool::~event_pool() {
  detail::pool& p = pool_in(storage_);
  const std::size_t out = p.close_after_releases();
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

detail::acquired event_pool::acquire_shared() noexcept { return as_acquired(pool_in(storage_).acquire()); }
std::size_t event_pool::close() noexcept { return pool_in(storage_).close(); }
void event_pool::cancel_all() noexcept { pool_in(storage_).cancel_all(); }
void event_pool::trim() noexcept { pool_in(storage_).trim(); }
pool_stats event_pool::stats() const noexcept {
  return pool_in(const_cast<unsigned char*>(storage_)).stats();  // NOLINT: counts without changing
}

event_cache::event_cache(event_pool& pool) noexcept {
  const auto made = detail::cache::settle(pool_in(pool.storage_));
  pool_ = made.of;
  home_ = made.front;
}

event_cache::~event_cache() { detail::cache{pool_, home_}.leave(); }

void event_cache::detach() noexcept { detail::cache{pool_, home_}.detach(); }

detail::acquired event_cache::acquire_elsewhere() noexcept {
  return as_acquired(detail::cache{pool_, home_}.acquire());
}

void event_cache::release(event&& ev) noexcept {
  if (detail::cell* c = detail::cell::take_from(ev); c != nullptr) detail::cache{pool_, home_}.release(*c);
}

}  // namespace CHIME_ABI
}  // namespace chime
