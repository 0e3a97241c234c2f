// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// One input: a sequence of calls on one thread, on a real backend, each checked against the model. Nothing ever sleeps:
/// deadlines have passed already or are far away, and a poll without end is made only when something must come.
///
/// session.cpp chooses the calls; check.cpp knows what may be answered and what must have completed.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "face.hpp"
#include "input.hpp"
#include "things.hpp"

namespace fuzz {

class session final : public listener {
 public:
  explicit session(input in);
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  ~session();
  /// Makes the calls, then ends everything and looks whether something is left.
  void run();

 private:
  // session.cpp: choosing. Each takes its arguments from the input.
  void step();
  void step_loop();
  void step_poll();
  void step_operation();
  void step_watch(int operation);
  void step_pool();
  void step_cache();
  void step_event();
  void step_foreign(int event);
  void step_ticket();
  void step_channel();
  void step_shortage();
  void run_callback_script(int event);
  [[nodiscard]] when choose_deadline();
  [[nodiscard]] int choose_held();
  [[nodiscard]] int choose_ticket();
  [[nodiscard]] int choose_free_operation();
  void wind_up();

  // calls.cpp: making a call and checking its answer.
  void open_loop();
  void close_loop();
  void poll_once(bool without_end);
  void run_loop();
  void open_pool(int pool);
  void close_pool(int pool);
  void cancel_all(int pool);
  /// The event's place; negative if there is none.
  int acquire(int pool, int cache);
  void release(int event, release_by, int cache);
  void submit(int event, when deadline);
  void block(int event);
  void give_out(int event, bool to_write);
  void write_foreign(int event, unsigned times);
  void signal(int ticket);
  void cancel(int ticket);
  void look_at(int ticket);
  void keep_ticket(int ticket);
  void begin_operation(int operation, kind, when deadline);
  void cancel_operation(int operation);
  void make_cache(int cache, int pool);
  void drop_cache(int cache);
  void event_done(int event, answer) override;
  void operation_done(int operation, answer) override;

  // check.cpp: the model.
  void expect(const char* what, answer got, answer precise) const;
  [[nodiscard]] std::size_t shortages() const noexcept { return env_.memory.refusals + env_.descriptors.times(); }
  [[nodiscard]] bool short_of_anything(std::size_t before) const noexcept;
  [[nodiscard]] bool is_shortage(answer, std::size_t before) const noexcept;
  /// What may have happened to it unseen, inside the loop.
  void open_up(event_thing&) const noexcept;
  void open_up(operation_thing&) const noexcept;
  void open_up_common(thing&) const noexcept;
  [[nodiscard]] bool is_ready(const operation_thing&) const noexcept;
  void note_readiness() noexcept;
  /// A completion must come without anybody's doing.
  [[nodiscard]] bool must_come(const event_thing&) const noexcept;
  [[nodiscard]] bool must_come(const operation_thing&) const noexcept;
  [[nodiscard]] bool something_must_come() const noexcept;
  void before_poll() noexcept;
  void after_poll(std::size_t ran);
  void must_have_come(thing&, bool quiet, const char* what, int place) const;
  void check_completion(thing&, answer, const char* what, int place) const;
  void check_acquire(int pool, int cache, answer got, const pool_numbers& before, std::size_t shortages_before);
  pool_numbers check_numbers(int pool);
  void check_completions();
  void check_readable(int event) const;
  [[nodiscard]] bool is_current(const ticket_thing&) const noexcept;
  [[nodiscard]] bool nothing_in_flight() const noexcept;
  [[nodiscard]] int operations_in_flight() const noexcept;
  [[nodiscard]] int caches_of(int pool) const noexcept;

  input in_;
  surroundings env_;
  const char* backend_ = "";
  bool polling_ = false;
  bool woken_in_poll_ = false;
  bool winding_up_ = false;
  std::size_t ran_ = 0;  ///< completions in the present poll
  std::uint64_t uses_ = 0;
  int next_kept_ = 0;
  loop_thing loop_;
  std::array<event_thing, event_places> events_;
  std::array<operation_thing, operation_places> operations_;
  std::array<ticket_thing, ticket_places> tickets_;
  std::array<pool_thing, pool_places> pools_;
  std::array<cache_thing, cache_places> caches_;
  std::array<std::optional<channel>, 3> channels_;
  int always_ready_ = -1;
  std::unique_ptr<face> face_;
};

}  // namespace fuzz
