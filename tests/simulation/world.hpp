// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The simulated program: a loop, two pools, some caches, operations and sockets, and threads that do anything that the
/// public interface allows. Each call is checked by what the oracle (account.hpp) knows.
#pragma once

#include <array>
#include <vector>

#include "account.hpp"
#include "simulation.hpp"

namespace chime::simulation {

class world final : public program {
 public:
  explicit world(simulation& s);
  world(const world&) = delete;
  world& operator=(const world&) = delete;
  ~world() { s_.runs = nullptr; }

  /// Opens everything, whatever may fail meanwhile.
  void open();
  /// Polls, with anything in between.
  void run();
  /// The faults are over: everything outstanding completes, everything can be had, everything goes back.
  void finish();

  bool other_thread_acts() override;
  void wake_sleeper() override;
  void signal_blocked() override;
  void sleeps(std::int64_t now_ns, std::int64_t end_ns) override;
  void kernel_said(const detail::kernel_work& work, int result) override;
  [[nodiscard]] std::uint64_t wakes() const override { return wakes_; }
  [[nodiscard]] std::int64_t outstanding() const override;

 private:
  static constexpr unsigned producers = 3;
  static constexpr unsigned outside = producers + 1;  ///< who ends waits that nobody else would end
  static constexpr unsigned patience = 100;           ///< sleeps, and acts of others, that one poll or run may take
  static constexpr std::size_t most_uses = 400;

  // What threads do. world.cpp
  void thread_acts(unsigned thread, bool polls);
  void act();
  void perform(action a);
  void poll_once();
  [[nodiscard]] std::chrono::nanoseconds drawn_timeout();
  void run_until_stop();
  void poll_checked(std::chrono::nanoseconds timeout);
  [[nodiscard]] result<std::size_t> poll_by_host(std::chrono::nanoseconds timeout);
  [[nodiscard]] std::uint64_t waits_failed() const;
  [[nodiscard]] bool told_of_earlier_failure(bool failed);
  void check_poll(const result<std::size_t>& polled, std::chrono::nanoseconds timeout, std::int64_t begin_ns,
                  std::uint64_t ran_before, std::uint64_t failed_before);

  // pool_actions.cpp
  void acquire();
  void took(const result<event>& got, pool_use& p, std::uint64_t memory_before, std::uint64_t descriptors_before,
            std::uint64_t acts_before);
  event_use& begin_use(event&& ev, pool_use& p);
  void release(event_use& u);
  void use_cache();
  void leave_cache(cache_use& c);
  void reopen_pool();
  void open_pool(pool_use& p);
  void close_pool(pool_use& p);
  void look_at_stats(pool_use& p);
  [[nodiscard]] cache_use* pick_cache(unsigned pool);

  // event_actions.cpp
  void submit(event_use& u);
  void submit_until(event_use& u, std::int64_t due_ns);
  void signal(event_use& u);
  void cancel(event_use& u);
  void cancel_all(pool_use& p);
  void block(event_use& u);
  void show_handle(event_use& u);
  void write_foreign(event_use& u);
  void completed(event_use& u, completion&& done);
  void check_outcome(event_use& u, std::error_code error);
  void check_handle(const event_use& u) const;
  void go_on_with(event_use& u);
  [[nodiscard]] bool only_signals_decide(const event_use& u) const;

  // operation_actions.cpp
  void submit_operation();
  void cancel_operation(operation_use& o);
  void completed(operation_use& o, completion&& done);
  void submit_drain(operation_use& o, callback done);
  void completed_drain(operation_use& o, std::error_code error);
  void change_import();
  [[nodiscard]] bool ends_by_itself(const operation_use& o) const;
  void change_socket();
  void replace_socket();
  void set_socket(int socket, bool readable, bool writable);
  void check_watch(const operation_use& o, int error) const;
  [[nodiscard]] bool is_ready(const operation_use& o) const;

  // finish.cpp
  template <class Count>
  void await(Count left);
  void end_all_waits();
  void check_that_all_can_be_had();
  void close_everything();
  [[nodiscard]] std::int64_t completing_by_themselves() const;

  [[nodiscard]] unsigned one_of(std::size_t n) { return s_.random.below(static_cast<std::uint32_t>(n)); }
  /// Of the kernel, told to waits or to the loop on their behalf.
  [[nodiscard]] std::uint64_t errors() const {
    return kernel_tells_ ? kernel_errors_ : kernel_errors_ + s_.heap.refused() + s_.os.refused();
  }
  [[nodiscard]] event_use* pick(event_use::place where);
  [[nodiscard]] event_use* pick_ticket();
  [[nodiscard]] pool_use& pool_of(const event_use& u) { return pools_[u.pool]; }
  [[nodiscard]] static time_point at(std::int64_t ns) {
    return ns == kernel::for_ever ? never : time_point{std::chrono::nanoseconds(ns)};
  }
  void require(bool holds, const char* otherwise, std::int64_t a = 0, std::int64_t b = 0) const {
    s_.require(holds, otherwise, a, b);
  }

  simulation& s_;
  proactor loop_;
  std::array<pool_use, 2> pools_;
  std::array<cache_use, 4> caches_;
  std::array<operation_use, 10> operations_;
  std::array<int, 3> sockets_{};
  std::array<imported, 2> imports_{};
  std::vector<event_use> uses_;  ///< in the order of their acquires; never moves
  std::vector<event_use*> blocked_;
  std::array<bool, producers + 1> busy_{};
  std::uint64_t acts_ = 0;         ///< changes whenever anybody does anything
  std::uint64_t completions_ = 0;  ///< callbacks run
  std::uint64_t wakes_ = 0;
  std::uint64_t wakes_before_ = 0;   ///< the present poll
  std::uint64_t wakes_seen_ = 0;     ///< by polls, at least
  std::uint64_t kernel_errors_ = 0;  ///< told to waits for primitives
  /// Whether the next poll tells of a failure that came before.
  enum class owed : unsigned char { nothing, may, must };
  owed untold_ = owed::nothing;
  std::uint64_t errors_told_ = 0;  ///< by them to the program
  unsigned looks_ = 0;             ///< sleeps and acts in the present poll or run
  bool kernel_tells_ = false;      ///< the backend is the simulated one, which tells us all that it tells the loop
  bool guest_ = false;             ///< driven by a host
  bool polling_ = false;
  bool running_ = false;
};

}  // namespace chime::simulation
