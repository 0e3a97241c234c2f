// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// pool/cycle: one thread acquires and releases one item.
#include "cases/pool_rivals.hpp"
#include "cases/pool_use.hpp"
#include "cases/pool_verify.hpp"
#include "rivals/pool/unshared_list.hpp"

namespace chime::bench {

namespace {

template <class Pool>
struct pool_cycle {
  static constexpr int cycles = 2'000;  // long enough to hide the clock

  static std::vector<figure> sample(const sampling& how) {
    become_multithreaded();
    Pool pool(256);
    verify(pool);
    typename Pool::user user(pool);
    return {{Pool::name, "", median_ns(how, cycles, [&] { cycle(user, cycles); })}};
  }
};

}  // namespace

void add_pool_cycle(job_list& jobs) {
  add_jobs_of_all<pool_cycle, unshared_list_pool>(jobs, {.name = "pool/cycle", .unit = "ns", .cpus = span::one_cpu});
}

}  // namespace chime::bench
