// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The pools that take part in every case with several threads.
#pragma once

#include "cases/pool_cases.hpp"
#include "rivals/pool/boost_lockfree.hpp"
#include "rivals/pool/chime.hpp"
#include "rivals/pool/moodycamel.hpp"
#include "rivals/pool/mutex_vector.hpp"
#include "rivals/pool/new_delete.hpp"
#include "rivals/pool/seed.hpp"
#include "rivals/pool/tbb.hpp"

namespace chime::bench {

/// And `More`, which cannot be shared between threads.
template <template <class> class Case, class... More>
void add_jobs_of_all(job_list& jobs, const pool_case& common) {
  add_jobs<Case, chime_cache_pool, chime_shared_pool, chime_native_pool, seed_pool, mutex_vector_pool,
           boost_lockfree_pool, moodycamel_pool, tbb_pool, new_delete_pool, More...>(jobs, common);
}

}  // namespace chime::bench
