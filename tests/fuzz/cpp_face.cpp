// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The C++ interface.
#include <array>
#include <chime/chime.hpp>
#include <optional>

#include "face.hpp"
#include "surroundings.hpp"
#include "trace.hpp"

namespace fuzz {
namespace {

using chime::fault;

[[nodiscard]] answer as_answer(std::error_code error) {
  if (!error) return answer::ok;
  constexpr std::pair<fault, answer> faults[] = {
      {fault::unknown_backend, answer::unknown_backend},
      {fault::unknown_backend_option, answer::unknown_backend_option},
      {fault::allocator_incomplete, answer::allocator_incomplete},
      {fault::capacity_below_initial, answer::capacity_below_initial},
      {fault::capacity_too_large, answer::capacity_too_large},
      {fault::batch_zero, answer::batch_zero},
      {fault::pool_exhausted, answer::pool_exhausted},
      {fault::pool_closed, answer::pool_closed},
      {fault::pool_already_open, answer::pool_already_open},
      {fault::loop_closed, answer::loop_closed},
      {fault::loop_already_open, answer::loop_already_open},
      {fault::pools_open, answer::pools_open},
      {fault::operations_in_flight, answer::operations_in_flight},
      {fault::polling, answer::polling},
      {fault::not_native, answer::not_native},
      {fault::native_only_in_loop, answer::native_only_in_loop},
  };
  for (const auto& [code, means] : faults) {
    if (error == code) return means;
  }
  if (error == chime::errc::cancelled) return answer::cancelled;
  if (error == chime::errc::timed_out) return answer::timed_out;
  if (error == std::errc::not_enough_memory) return answer::no_memory;
  if (error == std::errc::too_many_files_open) return answer::no_descriptors;
  if (error == std::errc::bad_file_descriptor) return answer::bad_handle;
  return error == std::errc::invalid_argument ? answer::invalid : answer::other;
}
template <class T>
[[nodiscard]] answer as_answer(const chime::result<T>& r) {
  return r ? answer::ok : as_answer(r.error());
}

[[nodiscard]] chime::time_point time_of(when w) {
  switch (w) {
    case when::never:
      return chime::never;
    case when::far:
      return chime::clock::now() + std::chrono::hours(1);
    case when::past:
      return chime::clock::now() - std::chrono::milliseconds(1);
    case when::long_past:
      return chime::time_point::min();
  }
  return chime::never;
}

class cpp_face final : public face {
 public:
  cpp_face(listener& sink, surroundings& env) : sink_(sink), env_(env) {
    for (int i = 0; i < event_places; ++i) events_[static_cast<unsigned>(i)].bind(*this, i);
    for (int i = 0; i < operation_places; ++i) {
      operations_[static_cast<unsigned>(i)].bind(*this, i);
      renew_operation(i);
    }
  }

  [[nodiscard]] answer as_told(answer precise) const override { return precise; }
  [[nodiscard]] bool is_cpp() const override { return true; }

  answer open_loop(const loop_wish& wish) override {
    chime::allocator memory = env_.memory.get();
    if (wish.half_allocator) memory.deallocate = nullptr;
    const auto opened = loop_.open({.backend = wish.backend,
                                    .spin = std::chrono::nanoseconds(wish.batch % 2 == 0 ? 0 : 1000),
                                    .batch = wish.batch,
                                    .memory = memory});
    if (opened && !std::string_view(wish.backend).starts_with(loop_.backend().substr(0, 4)))
      trace::fail("another backend runs than was asked for");
    return as_answer(opened);
  }
  answer close_loop() override { return as_answer(loop_.close()); }
  answer poll(std::int64_t timeout_ns, std::size_t& ran) override {
    const auto polled = loop_.poll(std::chrono::nanoseconds(timeout_ns));
    ran = polled.value_or(0);
    return as_answer(polled);
  }
  answer run() override { return as_answer(loop_.run()); }
  void wake() override { loop_.wake(); }
  void stop() override { loop_.stop(); }
  std::uint64_t completions() override { return loop_.stats().completions; }

  void post(int operation) override { loop_.submit(*at(operation).core, at(operation).completion()); }
  void timer(int operation, when due) override {
    loop_.submit(*at(operation).core, at(operation).completion(), time_of(due));
  }
  void watch(int operation, std::intptr_t handle, bool writable) override {
    loop_.submit(*at(operation).core, at(operation).completion(), handle,
                 writable ? chime::interest::writable : chime::interest::readable);
  }
  bool cancel_operation(int operation) override { return loop_.cancel(*at(operation).core); }
  void renew_operation(int operation) override { at(operation).core.emplace(); }

  answer open_pool(int pool, const pool_wish& wish) override {
    chime::pool_options options{.initial_capacity = wish.initial,
                                .maximum_capacity = wish.maximum,
                                .native = wish.native,
                                .kind = wish.pipe ? chime::primitive::pipe : chime::primitive::automatic,
                                .memory = env_.memory.get()};
    if (wish.half_allocator) options.memory.allocate = nullptr;
    auto& p = pools_[static_cast<unsigned>(pool)];
    return as_answer(wish.has_loop ? p.open(loop_, options) : p.open(options));
  }
  std::size_t close_pool(int pool) override { return pools_[static_cast<unsigned>(pool)].close(); }
  void cancel_all(int pool) override { pools_[static_cast<unsigned>(pool)].cancel_all(); }
  void trim(int pool) override { pools_[static_cast<unsigned>(pool)].trim(); }
  pool_numbers numbers(int pool) override {
    const chime::pool_stats s = pools_[static_cast<unsigned>(pool)].stats();
    return {s.made, s.free, s.cached, s.held, s.retired, s.stale_signals};
  }

  void make_cache(int cache, int pool) override {
    caches_[static_cast<unsigned>(cache)].emplace(pools_[static_cast<unsigned>(pool)]);
  }
  void drop_cache(int cache) override { caches_[static_cast<unsigned>(cache)].reset(); }
  void detach_cache(int cache) override { caches_[static_cast<unsigned>(cache)]->detach(); }

  answer acquire(int event, int pool, int cache) override {
    auto got =
        cache >= 0 ? caches_[static_cast<unsigned>(cache)]->acquire() : pools_[static_cast<unsigned>(pool)].acquire();
    if (!got) return as_answer(got);
    place& p = events_[static_cast<unsigned>(event)];
    if (!*got) trace::fail("an empty event was acquired");
    p.ev = std::move(*got);
    if (*got) trace::fail("a moved event is not empty");
    tickets_[static_cast<unsigned>(event)] = p.ev.get_ticket();
    return answer::ok;
  }
  void release(int event, release_by how, int cache) override {
    place& p = events_[static_cast<unsigned>(event)];
    switch (how) {
      case release_by::handle:
        p.ev.reset();
        break;
      case release_by::pool:
        p.ev = chime::event{};
        break;
      case release_by::cache:
        caches_[static_cast<unsigned>(cache)]->release(std::move(p.ev));
    }
    if (p.ev) trace::fail("event %d is still there after its release", event);
  }
  void submit(int event, when deadline) override {
    place& p = events_[static_cast<unsigned>(event)];
    std::move(p.ev).submit(chime::callback::to<&place::done>(p), time_of(deadline));
    if (p.ev) trace::fail("event %d is still there after its submit", event);
  }
  answer block(int event, when deadline) override {
    return as_answer(events_[static_cast<unsigned>(event)].ev.wait_until(time_of(deadline)));
  }
  answer native(int event, bool to_write, std::intptr_t& handle) override {
    const chime::event& ev = events_[static_cast<unsigned>(event)].ev;
    const auto got = to_write ? ev.native_signal() : ev.native();
    handle = got.value_or(-1);
    return as_answer(got);
  }
  void foreign_use_ended(int event) override { events_[static_cast<unsigned>(event)].ev.foreign_use_ended(); }

  void copy_ticket(int from, int to) override {
    tickets_[static_cast<unsigned>(to)] = tickets_[static_cast<unsigned>(from)];
  }
  void drop_ticket(int ticket) override { tickets_[static_cast<unsigned>(ticket)] = {}; }
  signalled signal(int ticket) override {
    return static_cast<signalled>(tickets_[static_cast<unsigned>(ticket)].signal());
  }
  bool cancel(int ticket) override { return tickets_[static_cast<unsigned>(ticket)].cancel(); }
  bool expired(int ticket) override { return tickets_[static_cast<unsigned>(ticket)].expired(); }

  void odd_call(unsigned which, int pool, int event) override;

 private:
  /// Where an event is while the session holds it, and what its completion finds.
  struct place {
    cpp_face* owner = nullptr;
    int number = 0;
    chime::event ev;

    void bind(cpp_face& f, int n) {
      owner = &f;
      number = n;
    }
    void done(chime::completion&& c) {
      if (!c.ev || c.ev.get_ticket() != owner->tickets_[static_cast<unsigned>(number)])
        trace::fail("the completion of event %d brings another one", number);
      ev = std::move(c.ev);
      owner->sink_.event_done(number, as_answer(c.error));
    }
  };

  /// An operation, and what its completion calls.
  struct work {
    cpp_face* owner = nullptr;
    int number = 0;
    std::optional<chime::operation> core;

    void bind(cpp_face& f, int n) {
      owner = &f;
      number = n;
    }
    [[nodiscard]] chime::callback completion() { return *this; }
    void operator()(chime::completion&& c) {
      if (c.ev) trace::fail("the completion of operation %d brings an event", number);
      owner->sink_.operation_done(number, as_answer(c.error));
    }
  };
  [[nodiscard]] work& at(int operation) { return operations_[static_cast<unsigned>(operation)]; }

  // The loop outlives the pools, and these their caches.
  listener& sink_;
  surroundings& env_;
  chime::proactor loop_;
  std::array<chime::event_pool, pool_places> pools_;
  std::array<std::optional<chime::event_cache>, cache_places> caches_;
  std::array<place, event_places> events_;
  std::array<work, operation_places> operations_;
  std::array<chime::ticket, ticket_places> tickets_;
};

void cpp_face::odd_call(unsigned which, int pool, int event) {
  const auto check = [](bool right, const char* what) {
    if (!right) trace::fail(what);
  };
  switch (which % 6) {
    case 0: {
      const chime::ticket none;
      check(none.signal() == chime::signal_result::stale && !none.cancel() && none.expired(),
            "a default-made ticket lives");
      break;
    }
    case 1: {
      chime::event none;
      none.reset();
      none = chime::event{};
      check(!none, "an event came from nowhere");
      for (auto& cache : caches_) {
        if (cache) cache->release(std::move(none));
      }
      break;
    }
    case 2: {
      chime::proactor closed;
      check(closed.backend().empty() && closed.backend_choice().empty() && closed.stats().completions == 0,
            "a closed loop says something");
      check(!closed.poll() && !closed.run() && !closed.close(), "a closed loop works");
      break;
    }
    case 3: {
      chime::event_pool closed;
      check(closed.close() == 0 && closed.stats().made == 0, "a closed pool has events");
      closed.cancel_all();
      closed.trim();
      check(!closed.acquire() && as_answer(closed.acquire()) == answer::pool_closed,
            "a closed pool has an event to give");
      break;
    }
    case 4:
      if (event >= 0) {
        chime::event& ev = events_[static_cast<unsigned>(event)].ev;
        chime::event other = std::move(ev);
        check(!ev && other.get_ticket() == tickets_[static_cast<unsigned>(event)], "a moved event is another one");
        ev = std::move(other);
        check(!other && ev.get_ticket() == tickets_[static_cast<unsigned>(event)], "a moved event is another one");
      }
      break;
    default:
      check(pools_[static_cast<unsigned>(pool)].stats().retired == 0, "an event was retired");
      check(chime::probe_backends()[2].name == "poll", "the last backend is poll");
  }
}

}  // namespace

std::unique_ptr<face> make_face(listener& sink, surroundings& env) { return std::make_unique<cpp_face>(sink, env); }

}  // namespace fuzz
