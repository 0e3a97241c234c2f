// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The machine that the modelled product runs on: its own memory, doorbells, counters in place of eventfds and pipes,
/// a backend, futexes. It replaces at link time what the product takes from the kernel (src/backend,
/// src/event/primitive.cpp, and the system calls for futexes and for yielding). Nothing of it orders memory, so the
/// product has to.
#pragma once

#include "backend/backend.hpp"
#include "explorer/explorer.hpp"

#include <cstdint>
#include <optional>

namespace chime::models {

/// What kernels differ in.
struct machine_options {
  bool reads_at_once = false;  ///< as io_uring: a write is read by an active drain in the same step, and stop() is late
  bool full_once = false;      ///< the backend has no room for the first piece of work
  bool refuses_first = false;  ///< the backend does not bind the first thread that polls
  bool fails_once = false;     ///< the first piece of work that became active fails
  bool looks_cheaply = true;
  bool pipes = false;          ///< primitives are pipes
  unsigned early_returns = 0;  ///< so many sleeps may end for no reason; none in models that look for lost wake-ups
};

/// One for each execution: the body of a model makes it first. A failed execution abandons it.
class machine {
 public:
  explicit machine(const machine_options& how = {});
  machine(const machine&) = delete;
  machine& operator=(const machine&) = delete;
  /// Fails the execution if the product has left anything behind.
  ~machine();

  [[nodiscard]] static machine& current();
  [[nodiscard]] const machine_options& how() const { return how_; }

  /// Memory that is not handed out twice in an execution, so that every use after its end is seen.
  [[nodiscard]] allocator memory();
  /// The next allocations but `after` fail. For models of exhaustion.
  void refuse_memory(unsigned after) { allocations_left_ = after; }
  [[nodiscard]] unsigned blocks_out() const { return blocks_out_; }

  // Descriptors: counters which can be read empty, and used only while they are open.
  [[nodiscard]] int open();
  void close(int handle);
  void write(int handle);
  void ring(int handle);
  [[nodiscard]] std::uint64_t read(int handle);
  [[nodiscard]] bool readable(int handle) { return at(handle).count != 0; }

  // For the backend.
  void attach(detail::kernel_work* work);
  [[nodiscard]] bool detach(detail::kernel_work& work);
  /// One piece of work that is over, taken from the table; null: none.
  [[nodiscard]] detail::kernel_work* next_finished(int& result);
  [[nodiscard]] bool take_fullness();
  [[nodiscard]] bool take_refusal();
  void sleep(std::int64_t timeout_ns);
  /// As poll(2) on one descriptor, for ever.
  void await(int handle);
  /// Until something happens, or for no reason if it may time out.
  void rest(bool may_time_out);
  [[nodiscard]] unsigned rings() const { return rings_; }

 private:
  struct descriptor {
    descriptor();
    explore::lifetime life{"a descriptor"};
    std::uint64_t count = 0;
    bool is_open = true;
  };
  struct active_work {
    detail::kernel_work* work = nullptr;
    int result = 0;
    bool over = false;
  };
  static constexpr int first_handle = 100;
  static constexpr std::size_t most = 12;

  descriptor& at(int handle);
  void serve(active_work& a);

  machine_options how_;
  explore::doorbell interrupt_;
  std::array<std::optional<descriptor>, most> descriptors_;
  std::array<active_work, most> active_;
  int made_ = 0;
  unsigned rings_ = 0;
  unsigned blocks_out_ = 0;
  unsigned allocations_left_ = ~0U;
  unsigned early_returns_ = 0;
  bool was_full_ = false;
  bool has_refused_ = false;
  bool has_failed_ = false;
};

}  // namespace chime::models
