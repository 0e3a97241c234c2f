// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// pool/grow: a pool that has nothing yet makes what is acquired, one by one.
#include "cases/pool_cases.hpp"
#include "cases/pool_use.hpp"
#include "rivals/pool/chime.hpp"
#include "rivals/pool/new_delete.hpp"
#include "rivals/pool/seed.hpp"

namespace chime::bench {

namespace {

template <class Pool>
struct pool_grow {
  static constexpr std::size_t items = 100'000;

  static std::vector<figure> sample(const sampling&) {
    become_multithreaded();
    Pool pool(growing{});
    typename Pool::user user(pool);
    std::uint64_t times_empty = 0;
    std::vector<typename Pool::item> held(items);
    const std::int64_t begin_ns = now_ns();
    for (auto& place : held) place = acquire_in_the_end(user, times_empty);
    const std::int64_t span_ns = now_ns() - begin_ns;
    for (auto& item : held) user.release(std::move(item));
    return {{Pool::name, "", static_cast<double>(span_ns) / static_cast<double>(items)}};
  }
};

}  // namespace

void add_pool_grow(job_list& jobs) {
  add_jobs<pool_grow, chime_shared_pool, seed_pool, new_delete_pool>(
      jobs, {.name = "pool/grow", .unit = "ns", .cpus = span::one_cpu});
}

}  // namespace chime::bench
