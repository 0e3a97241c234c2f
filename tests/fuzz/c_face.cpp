// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The C interface.
#include <chime/chime.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "c_arguments.hpp"
#include "face.hpp"
#include "surroundings.hpp"
#include "trace.hpp"

namespace fuzz {
namespace {

[[nodiscard]] answer as_answer(int status) {
  switch (-status) {
    case 0:
      return answer::ok;
    case ECANCELED:
      return answer::cancelled;
    case ETIMEDOUT:
      return answer::timed_out;
    case ENOBUFS:
      return answer::pool_exhausted;
    case ESHUTDOWN:
      return answer::pool_closed;
    case ENOMEM:
      return answer::no_memory;
    case EMFILE:
      return answer::no_descriptors;
    case EBADF:
      return answer::bad_handle;
    case EBUSY:
      return answer::busy;
    case EINVAL:
      return answer::invalid;
    case EOPNOTSUPP:
      return answer::unsupported;
    default:
      return answer::other;
  }
}

[[nodiscard]] std::int64_t timeout_of(when w) {
  switch (w) {
    case when::never:
      return -1;
    case when::far:
      return INT64_MAX;
    default:
      return 0;
  }
}

[[nodiscard]] chime_allocator memory_of(counted_memory& memory) {
  return {.allocate = [](void* self, std::size_t size,
                         std::size_t alignment) { return static_cast<counted_memory*>(self)->take(size, alignment); },
          .deallocate = [](void* self, void* block, std::size_t size,
                           std::size_t alignment) { static_cast<counted_memory*>(self)->give(block, size, alignment); },
          .context = &memory};
}

class c_face final : public face {
 public:
  c_face(listener& sink, surroundings& env) : sink_(sink), env_(env) {
    for (int i = 0; i < event_places; ++i) events_[static_cast<unsigned>(i)] = {this, i, nullptr};
    for (int i = 0; i < operation_places; ++i) operations_[static_cast<unsigned>(i)] = {this, i, {}};
  }

  [[nodiscard]] answer as_told(answer precise) const override {
    switch (precise) {
      case answer::pool_already_open:
      case answer::pools_open:
      case answer::operations_in_flight:
      case answer::polling:
        return answer::busy;
      case answer::capacity_below_initial:
      case answer::capacity_too_large:
      case answer::allocator_incomplete:
      case answer::unknown_backend:
      case answer::unknown_backend_option:
      case answer::loop_closed:  // there is no closed loop but null
        return answer::invalid;
      case answer::not_native:
      case answer::native_only_in_loop:
        return answer::unsupported;
      default:
        return precise;
    }
  }
  [[nodiscard]] bool is_cpp() const override { return false; }

  answer open_loop(const loop_wish& wish) override {
    chime_proactor_options options{.size = sizeof options,
                                   .backend = wish.backend,
                                   .spin_ns = wish.batch % 2 == 0 ? -1 : 1000,
                                   .batch = wish.batch,
                                   .guest = false,
                                   .allocator = memory_of(env_.memory)};
    if (wish.half_allocator) options.allocator.deallocate = nullptr;
    const int status = chime_proactor_create(&options, &loop_);
    if ((status == 0) != (loop_ != nullptr))
      trace::fail("chime_proactor_create says %d, and its result something else", status);
    if (status == 0 && std::strncmp(chime_proactor_backend(loop_), wish.backend, 4) != 0)
      trace::fail("another backend runs than was asked for");
    return as_answer(status);
  }
  answer close_loop() override {
    const int status = chime_proactor_destroy(loop_);
    if (status == 0) loop_ = nullptr;
    return as_answer(status);
  }
  answer poll(std::int64_t timeout_ns, std::size_t& ran) override {
    const int status = chime_proactor_poll(loop_, timeout_ns);
    ran = status > 0 ? static_cast<std::size_t>(status) : 0;
    return as_answer(status > 0 ? 0 : status);
  }
  answer run() override { return as_answer(chime_proactor_run(loop_)); }
  void wake() override { chime_proactor_wake(loop_); }
  void stop() override { chime_proactor_stop(loop_); }
  std::uint64_t completions() override {
    auto stats = sized<chime_proactor_stats>();
    if (chime_proactor_stats_read(loop_, &stats) != 0) trace::fail("the loop's statistics cannot be read");
    return stats.completions;
  }

  void post(int operation) override { chime_post(loop_, &at(operation).core, &work::done, &at(operation)); }
  void timer(int operation, when due) override {
    chime_timer(loop_, &at(operation).core, timeout_of(due), &work::done, &at(operation));
  }
  void watch(int operation, std::intptr_t handle, bool writable) override {
    chime_watch(loop_, &at(operation).core, handle, writable ? CHIME_WRITABLE : CHIME_READABLE, &work::done,
                &at(operation));
  }
  bool cancel_operation(int operation) override { return chime_cancel(loop_, &at(operation).core); }
  void renew_operation(int operation) override { at(operation).core = {}; }

  answer open_pool(int pool, const pool_wish& wish) override {
    chime_allocator memory = memory_of(env_.memory);
    if (wish.half_allocator) memory.allocate = nullptr;
    chime_pool* const out = &pools_[static_cast<unsigned>(pool)];
    if (!wish.native && wish.maximum == SIZE_MAX)
      return as_answer(chime_pool_initialize(loop_, memory, wish.initial, out));
    const chime_pool_options options{.size = sizeof options,
                                     .initial_capacity = wish.initial,
                                     .maximum_capacity = wish.maximum,
                                     .primitive = wish.pipe ? static_cast<std::uint32_t>(CHIME_PRIMITIVE_PIPE)
                                                            : static_cast<std::uint32_t>(CHIME_PRIMITIVE_EVENTFD),
                                     .native = wish.native};
    return as_answer(chime_pool_initialize_with(loop_, memory, &options, out));
  }
  std::size_t close_pool(int pool) override { return chime_pool_deinitialize(&pools_[static_cast<unsigned>(pool)]); }
  void cancel_all(int pool) override { chime_pool_cancel_all(&pools_[static_cast<unsigned>(pool)]); }
  void trim(int pool) override { chime_pool_trim(&pools_[static_cast<unsigned>(pool)]); }
  pool_numbers numbers(int pool) override {
    auto s = sized<chime_pool_stats>();
    if (chime_pool_stats_read(&pools_[static_cast<unsigned>(pool)], &s) != 0)
      trace::fail("the statistics of pool %d cannot be read", pool);
    return {s.made, s.free, s.cached, s.held, s.retired, s.stale_signals};
  }

  void make_cache(int cache, int pool) override {
    const int status =
        chime_cache_initialize(&pools_[static_cast<unsigned>(pool)], &caches_[static_cast<unsigned>(cache)]);
    if (status != 0) trace::fail("a cache of an open pool: %d", status);
  }
  void drop_cache(int cache) override { chime_cache_deinitialize(&caches_[static_cast<unsigned>(cache)]); }
  void detach_cache(int cache) override { chime_cache_detach(&caches_[static_cast<unsigned>(cache)]); }

  answer acquire(int event, int pool, int cache) override {
    place& p = events_[static_cast<unsigned>(event)];
    chime_event* got = nullptr;
    const int status = cache >= 0 ? chime_cache_acquire(&caches_[static_cast<unsigned>(cache)], &got)
                                  : chime_pool_acquire(&pools_[static_cast<unsigned>(pool)], &got);
    if ((status == 0) != (got != nullptr)) trace::fail("an acquire says %d, and its result something else", status);
    if (status != 0) return as_answer(status);
    p.ev = got;
    p.pool = &pools_[static_cast<unsigned>(pool)];
    tickets_[static_cast<unsigned>(event)] = chime_event_ticket(got);
    return answer::ok;
  }
  void release(int event, release_by how, int cache) override {
    place& p = events_[static_cast<unsigned>(event)];
    if (how == release_by::cache) {
      chime_cache_release(&caches_[static_cast<unsigned>(cache)], p.ev);
    } else {
      chime_pool_release(p.pool, p.ev);
    }
    p.ev = nullptr;
  }
  void submit(int event, when deadline) override {
    place& p = events_[static_cast<unsigned>(event)];
    chime_event_submit(std::exchange(p.ev, nullptr), timeout_of(deadline), &place::done, &p);
  }
  answer block(int event, when deadline) override {
    return as_answer(chime_event_wait(events_[static_cast<unsigned>(event)].ev, timeout_of(deadline)));
  }
  answer native(int event, bool to_write, std::intptr_t& handle) override {
    chime_event* const ev = events_[static_cast<unsigned>(event)].ev;
    return as_answer(to_write ? chime_event_native_signal(ev, &handle) : chime_event_native(ev, &handle));
  }
  void foreign_use_ended(int event) override {
    chime_event_foreign_use_ended(events_[static_cast<unsigned>(event)].ev);
  }

  void copy_ticket(int from, int to) override {
    tickets_[static_cast<unsigned>(to)] = tickets_[static_cast<unsigned>(from)];
  }
  void drop_ticket(int ticket) override { tickets_[static_cast<unsigned>(ticket)] = {}; }
  signalled signal(int ticket) override {
    return static_cast<signalled>(chime_signal(tickets_[static_cast<unsigned>(ticket)]));
  }
  bool cancel(int ticket) override { return chime_ticket_cancel(tickets_[static_cast<unsigned>(ticket)]); }
  bool expired(int ticket) override { return chime_ticket_expired(tickets_[static_cast<unsigned>(ticket)]); }

  void odd_call(unsigned which, int pool, int event) override {
    call_with_bad_arguments(which, {.loop = loop_,
                                    .pool = &pools_[static_cast<unsigned>(pool)],
                                    .event = event < 0 ? nullptr : events_[static_cast<unsigned>(event)].ev});
  }

 private:
  struct place {
    c_face* owner;
    int number;
    chime_event* ev;
    chime_pool* pool = nullptr;

    static void done(void* context, int status, chime_event* ev) {
      auto& p = *static_cast<place*>(context);
      const chime_ticket now = chime_event_ticket(ev);
      const chime_ticket then = p.owner->tickets_[static_cast<unsigned>(p.number)];
      if (now.event != then.event || now.generation != then.generation)
        trace::fail("the completion of event %d brings another one", p.number);
      p.ev = ev;
      p.owner->sink_.event_done(p.number, as_answer(status));
    }
  };

  struct work {
    c_face* owner;
    int number;
    chime_operation core;

    static void done(void* context, int status, chime_event* ev) {
      const auto& w = *static_cast<work*>(context);
      if (ev != nullptr) trace::fail("the completion of operation %d brings an event", w.number);
      w.owner->sink_.operation_done(w.number, as_answer(status));
    }
  };
  [[nodiscard]] work& at(int operation) { return operations_[static_cast<unsigned>(operation)]; }

  listener& sink_;
  surroundings& env_;
  chime_proactor* loop_ = nullptr;
  std::array<chime_pool, pool_places> pools_ = {};
  std::array<chime_cache, cache_places> caches_ = {};
  std::array<place, event_places> events_;
  std::array<work, operation_places> operations_;
  std::array<chime_ticket, ticket_places> tickets_ = {};
};

}  // namespace

std::unique_ptr<face> make_face(listener& sink, surroundings& env) { return std::make_unique<c_face>(sink, env); }

}  // namespace fuzz
