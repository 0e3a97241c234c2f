// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// pool/burst: one thread acquires many items, then releases them in the same order.
#include "cases/pool_rivals.hpp"
#include "cases/pool_use.hpp"
#include "cases/pool_verify.hpp"
#include "rivals/pool/unshared_list.hpp"

namespace chime::bench {

namespace {

template <class Pool>
struct pool_burst {
  static constexpr std::size_t items_at_least = 2'048;  // per look at the clock

  [[gnu::noinline]] static void burst(typename Pool::user& user, std::vector<item_slot<typename Pool::item>>& held) {
    std::uint64_t times_empty = 0;
    for (auto& slot : held) slot.put(acquire_in_the_end(user, times_empty));
    for (auto& slot : held) {
      let_others_act();
      user.release(slot.take());
    }
  }

  static figure measure(const sampling& how, std::size_t size) {
    become_multithreaded();
    Pool pool(2 * size);
    verify(pool);
    typename Pool::user user(pool);
    std::vector<item_slot<typename Pool::item>> held(size);
    const std::size_t bursts = items_at_least / size;
    const double ns = median_ns(how, bursts * size, [&] {
      for (std::size_t i = 0; i < bursts; ++i) burst(user, held);
    });
    return {Pool::name, std::to_string(size), ns};
  }

  static std::vector<figure> sample(const sampling& how) { return {measure(how, 64), measure(how, 1'024)}; }
};

}  // namespace

void add_pool_burst(job_list& jobs) {
  add_jobs_of_all<pool_burst, unshared_list_pool>(jobs, {.name = "pool/burst", .unit = "ns", .cpus = span::one_cpu});
}

}  // namespace chime::bench
