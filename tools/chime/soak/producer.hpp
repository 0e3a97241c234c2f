// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// One of the soak's threads: it draws plans at random, and carries them out.
#pragma once

#include <array>
#include <boost/lockfree/spsc_queue.hpp>
#include <chime/pool.hpp>
#include <optional>
#include <random>

#include "errands.hpp"
#include "gate.hpp"
#include "use.hpp"
#include "waiter.hpp"

namespace chime::soak {

/// What all producers share.
struct common {
  proactor& loop;
  event_pool& pool;
  event_pool& native_pool;
  polling_side& side;
  breaches& wrong;
  gate& meeting;
};

class producer {
 public:
  static constexpr std::size_t uses_at_once = 1024;
  static constexpr std::size_t waiters_at_once = 16;
  static constexpr std::size_t events_at_once = uses_at_once + waiters_at_once * waiter::events_at_once;

  /// Every random choice of it comes from the seed.
  producer(common& shared, std::uint64_t seed);
  /// Who gets its requests; another producer, or itself if there is no other.
  void set_peer(producer& peer) noexcept { peer_ = &peer; }

  /// The thread's body: works until `finished` is set while the gate is closed, or until a breach.
  void run(const std::atomic<bool>& finished);
  /// Asks it to signal, once and not before this time; by one other thread at a time. It sets the place back to null
  /// before it does.
  void ask_to_signal(const ticket& name, time_point from) noexcept {
    knock_from_ = from;
    knock_.store(&name, std::memory_order_release);
  }
  /// Its books: at rest only.
  [[nodiscard]] const ledger& books() const noexcept { return books_; }

 private:
  enum class favour : unsigned char { signal, race, release, deed };
  /// What another producer is asked to do.
  struct request {
    favour wanted = favour::signal;
    ticket name;
    use* of = nullptr;
    waiter* coroutine = nullptr;
    deed_of part = {};  ///< in the coroutine's plan
  };

  // The random mix (mix.cpp).
  void begin(use&);
  [[nodiscard]] event acquire(bool& native, bool uncached);
  void carry_out(use&, std::chrono::microseconds soon);
  void submit(use&);
  void block(use&, time_point deadline);
  void signal_foreign(use&);
  void write_late(use&);
  void write_foreign(int handle);
  void signal_late(std::uint64_t drawn);

  // What keeps it going (producer.cpp).
  void work();
  void step();
  [[nodiscard]] bool settle(use&);
  void attend(waiter&, bool may_spawn);
  void finish(use&);
  signal_result signal(use&);
  void expect(signal_result got, signal_result wanted, const use&);
  void ask_peer(const request&);
  void serve();
  void serve(const request&);
  [[nodiscard]] bool has_waits() const;
  [[nodiscard]] bool has_work() const;
  void drain();
  /// Lets others run, and serves them; false after a breach, or when nothing has happened for 30 s.
  [[nodiscard]] bool patient(time_point since, const char* what);

  common& shared_;
  std::mt19937_64 random_;
  std::optional<event_cache> cache_;  ///< made anew whenever the gate opens
  errands errands_;
  std::array<use, uses_at_once> uses_;
  std::array<waiter, waiters_at_once> waiters_;
  std::uint64_t steps_ = 0;
  std::uint64_t begun_ = 0;
  std::array<ticket, 256> old_names_;  ///< of uses that are over
  std::size_t old_next_ = 0;
  ledger books_;
  producer* peer_ = this;
  std::atomic<const ticket*> knock_ = nullptr;  ///< release and acquire: show the ticket, and the time
  time_point knock_from_;
  boost::lockfree::spsc_queue<request, boost::lockfree::capacity<256>> asked_;  ///< one other producer writes
};

}  // namespace chime::soak
