// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// chime itself, on a loop that the polling thread polls: with a cache for each thread, without, and with native
/// events.
#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <chime/chime.hpp>
#include <type_traits>
#include <utility>

#include "rivals/pool/interface.hpp"
#include "rivals/signal/chime.hpp"

namespace chime::bench {

struct with_cache {
  static constexpr const char* name = "chime-cache";
  static constexpr bool cached = true;
  static constexpr bool native = false;
};
struct without_cache {
  static constexpr const char* name = "chime";
  static constexpr bool cached = false;
  static constexpr bool native = false;
};
struct native_with_cache {
  static constexpr const char* name = "chime-native";
  static constexpr bool cached = true;
  static constexpr bool native = true;
};

/// Each native event has a descriptor, and programs start with a limit of 1,024.
inline void allow_descriptors(std::size_t count) {
  rlimit limit = {};
  checked(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  limit.rlim_cur = std::max(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, count + 256));
  checked(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

template <class Kind>
class chime_pool {
 public:
  static constexpr const char* name = Kind::name;
  using item = event;

  /// May grow beyond that, as pools do if nobody forbids it: what a cache keeps is no less than others can have.
  explicit chime_pool(std::size_t capacity)
      : chime_pool(pool_options{.initial_capacity = capacity, .native = Kind::native}) {}
  explicit chime_pool(growing) : chime_pool(pool_options{.native = Kind::native}) {}

  class user {
   public:
    explicit user(chime_pool& pool) : source_(pool.pool_) {}
    item acquire() {
      result<event> acquired = source_.acquire();
      if (acquired) [[likely]]
        return *std::move(acquired);
      throw std::system_error(acquired.error(), "acquire");
    }
    void release(item) {}  // by being destroyed, without a second handle on the way

   private:
    std::conditional_t<Kind::cached, event_cache, event_pool&> source_;
  };
  class returner {
   public:
    explicit returner(chime_pool&) {}
    void release(item) {}  // by being destroyed, without a second handle on the way
  };

  /// The loop has nothing else to do, so what a poll ran is the post.
  template <class Drain>
  void poll(Drain& drain) {
    auto run = [&drain](completion&&) { drain(); };
    loop_.submit(post_, run);
    while (checked(loop_.poll(), "proactor::poll") == 0) {
    }
  }

 private:
  explicit chime_pool(const pool_options& options) {
    if constexpr (Kind::native) allow_descriptors(2 * options.initial_capacity + 10 * event_cache::limit);
    checked(loop_.open(), "proactor::open");
    checked(pool_.open(loop_, options), "event_pool::open");
  }

  proactor loop_;
  event_pool pool_;
  operation post_;
};

using chime_cache_pool = chime_pool<with_cache>;
using chime_shared_pool = chime_pool<without_cache>;
using chime_native_pool = chime_pool<native_with_cache>;

}  // namespace chime::bench
