// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "scenario.hpp"

#include <sys/select.h>

#include <chrono>
#include <deque>
#include <stdexcept>

#include "assistant.hpp"
#include "imports.hpp"
#include "props.hpp"

namespace faults {
namespace {

using namespace std::chrono_literals;
using chime::clock;
using chime::errc;

class scenario {
 public:
  scenario(const scenario_options& options, ledger& books) : options_(options), books_(books) {
    const chime::allocator& memory = options.memory;
    clubs_.emplace_back(books, chime::pool_options{.initial_capacity = 2, .memory = memory});
    for (const auto kind : {chime::primitive::eventfd, chime::primitive::pipe, chime::primitive::automatic}) {
      clubs_.emplace_back(books,
                          chime::pool_options{.initial_capacity = 2, .native = true, .kind = kind, .memory = memory});
    }
    for (std::size_t i = 0; i < 4; ++i) tasks_.emplace_back(books);
  }

  [[nodiscard]] std::string run() {
    if (options_.begin != nullptr) options_.begin();
    books_.enter("chime:begin");
    std::string backend;
    if (!options_.calm) {
      open_loop();
      backend = loop_.backend();
      bind();
      open_pools();
      if (options_.numa) use_node_memory();
      acquire_all();
      use_cache();
      wait_for_earlier_signals();
      wait_for_later_signals();
      watch();
      drain();
      wait_for_deadlines();
      block();
      release_signalled();
      give_away();
      trim();
      close();
      if (backend != "poll") be_a_guest();
    }
    books_.enter("chime:end");
    books_.expect(books_.submitted == books_.completed, "what was submitted did not complete exactly once");
    books_.expect(books_.signalled == books_.consumed + books_.dropped, "a signal was lost or delivered twice");
    return backend;
  }

 private:
  /// Until it succeeds, or has failed so often that it never will.
  template <class Try>
  auto insist(Try attempt) {
    auto got = attempt();
    for (int tries = 0; !got && tries < 100; ++tries) {
      books_.reported(got.error());
      got = attempt();
    }
    if (!got) throw std::runtime_error(std::string("no end of failures in ") + books_.site());
    return got;
  }

  /// Sleeps in the loop for as long as it takes: a wake-up that is lost is met by the watchdog.
  template <class Predicate>
  void poll_until(Predicate is_true) {
    for (;;) {
      for (club& c : clubs_) {
        for (wait& w : c.waits) {
          if (w.refused()) w.again();
        }
      }
      for (task& t : tasks_) {
        if (t.refused()) t.again(loop_);
      }
      if (is_true()) return;
      if (const auto polled = loop_.poll(-1ns); !polled) books_.reported(polled.error());
    }
  }
  void poll_until_over() {
    poll_until([this] {
      for (const club& c : clubs_) {
        for (const wait& w : c.waits) {
          if (!w.over()) return false;
        }
      }
      for (const task& t : tasks_) {
        if (!t.over()) return false;
      }
      return true;
    });
  }
  void expect_all_signalled() {
    for (const club& c : clubs_) {
      for (const wait& w : c.waits) books_.expect(w.succeeded(), "a wait that was signalled did not succeed");
    }
  }
  void open_loop() {
    books_.enter("chime:open_loop");
    (void)insist([&] { return loop_.open({.backend = options_.backend, .spin = 0ns, .memory = options_.memory}); });
  }
  void bind() {
    books_.enter("chime:bind");
    (void)insist([&] { return loop_.poll(); });
  }
  void open_pools() {
    books_.enter("chime:open_pools");
    for (club& c : clubs_) (void)insist([&] { return c.pool.open(loop_, c.options); });
    (void)insist([&] { return blocking_.open({.memory = options_.memory}); });
  }

  /// Blocks of a node, and a large one whose alignment makes it be cut out of its mapping.
  void use_node_memory() {
    books_.enter("chime:node_memory");
    const chime::allocator node = *insist([] { return chime::numa_allocator(0); });
    const auto take = [&](std::size_t size, std::size_t alignment) -> chime::result<void*> {
      if (void* const block = node.allocate(node.context, size, alignment); block != nullptr) return block;
      return std::unexpected(std::error_code(ENOMEM, std::system_category()));
    };
    void* const large = *insist([&] { return take(8192, 1U << 16U); });
    node.deallocate(node.context, large, 8192, 1U << 16U);

    chime::block_pool blocks;
    (void)insist([&] { return blocks.open({.blocks_per_chunk = 2, .upstream = node}); });
    chime::event_pool local;
    (void)insist([&] { return local.open({.initial_capacity = 100, .memory = blocks.memory()}); });
    {
      const chime::event ev = std::move(*insist([&] { return local.acquire(); }));
      books_.expect(ev.get_ticket().signal() == chime::signal_result::delivered, "an event in node memory is dead");
    }
    books_.expect(local.close() == 0, "events of a pool in node memory are out");
    books_.expect(blocks.close() == 0, "blocks of node memory are out");
  }

  void acquire_all(const char* marker = "chime:acquire") {
    books_.enter(marker);
    for (club& c : clubs_) {
      for (wait& w : c.waits) w.ev = std::move(*insist([&] { return c.pool.acquire(); }));
    }
  }
  /// Without memory for its home a cache works all the same.
  void use_cache() {
    books_.enter("chime:cache");
    for (club& c : clubs_) {
      chime::event_cache cache(c.pool);
      for (int i = 0; i < 2; ++i) {
        const chime::event ev = std::move(*insist([&] { return cache.acquire(); }));
        books_.expect(ev.get_ticket().signal() == chime::signal_result::delivered, "an event of a cache is dead");
      }
    }
  }
  void take_tickets() {
    for (club& c : clubs_) {
      for (std::size_t i = 0; i < each; ++i) c.tickets[i] = c.waits[i].ev.get_ticket();
    }
  }

  void wait_for_earlier_signals() {
    books_.enter("chime:wait_signalled");
    take_tickets();
    for (club& c : clubs_) {
      for (std::size_t i = 0; i < each; ++i) {
        wait::signal(books_, c.tickets[i]);
        c.waits[i].submit();
      }
    }
    poll_until_over();
    expect_all_signalled();
  }

  /// The loop sleeps until another thread signals; half of the waits are armed by then, the others not.
  void wait_for_later_signals() {
    books_.enter("chime:wait");
    take_tickets();
    for (club& c : clubs_) {
      for (wait& w : c.waits) w.submit();
    }
    const auto before = loop_.stats().sleeps;
    auto job = [&] {
      for (club& c : clubs_) {
        while (loop_.stats().sleeps == before) rest();
        for (const chime::ticket& t : c.tickets) wait::signal(books_, t);
      }
    };
    assistant_.start(job);
    poll_until_over();
    assistant_.finish();
    expect_all_signalled();
  }

  void watch() {
    books_.enter("chime:watch");
    tasks_[0].watch(loop_, scenery_.sockets[0], chime::interest::writable);
    tasks_[1].watch(loop_, scenery_.sockets[0], chime::interest::readable);
    tasks_[2].watch(loop_, scenery_.file, chime::interest::readable);
    tasks_[3].watch(loop_, scenery_.sockets[1], chime::interest::readable);
    poll_until([&] { return tasks_[0].over() && tasks_[2].over(); });
    books_.expect(!tasks_[1].over() && !tasks_[3].over(), "a watch completed though nothing was ready");
    tasks_[3].cancel(loop_);
    write_eight(scenery_.sockets[1]);
    poll_until_over();
    for (int i = 0; i < 3; ++i) {
      books_.expect(tasks_[static_cast<std::size_t>(i)].succeeded(), "a watch of what is ready did not succeed");
    }
    books_.expect(tasks_[3].error() == errc::cancelled, "a cancelled watch did not say so");
  }

  /// What was signalled once is taken once, however often that has to be tried.
  void drain() {
    books_.enter("chime:drain");
    imports_.drain(loop_, tasks_);
    poll_until_over();
    books_.expect(imports::were_drained(tasks_), "a drain took too little or too much");
  }

  void wait_for_deadlines() {
    books_.enter("chime:deadlines");
    const auto due = clock::now() + 2ms;
    tasks_[0].at(loop_, due);
    for (club& c : clubs_) {
      for (wait& w : c.waits) w.submit(due);
    }
    poll_until_over();
    books_.expect(clock::now() >= due, "a deadline came early");
    books_.expect(tasks_[0].succeeded(), "a timer did not succeed");
    for (const club& c : clubs_) {
      for (const wait& w : c.waits) books_.expect(w.error() == errc::timed_out, "a deadline was not told");
    }
  }

  void block() {
    books_.enter("chime:block");
    chime::event ev = std::move(*insist([&] { return blocking_.acquire(); }));
    auto job = [&, t = ev.get_ticket()] {
      for (int i = 0; i < 20; ++i) rest();
      wait::signal(books_, t);
    };
    assistant_.start(job);
    if (const auto waited = ev.wait()) {
      ++books_.consumed;
    } else {
      books_.reported(waited.error());
    }
    assistant_.finish();
    const auto due = clock::now() + 2ms;
    const auto late = ev.wait_until(due);
    books_.expect(!late && late.error() == errc::timed_out, "a blocking wait did not time out");
    books_.expect(clock::now() >= due, "a blocking wait timed out early");
  }

  /// A signal that no wait took is dropped with the use, and read from the primitive by the next acquire.
  void release_signalled() {
    books_.enter("chime:release_signalled");
    take_tickets();
    for (club& c : clubs_) {
      for (std::size_t i = 0; i < each; ++i) {
        wait::signal(books_, c.tickets[i]);
        c.waits[i].ev.reset();
        ++books_.dropped;
      }
      for (const chime::ticket& t : c.tickets) {
        books_.expect(t.signal() == chime::signal_result::stale, "a ticket outlived its use");
      }
    }
    acquire_all("chime:acquire_signalled");
  }

  /// Strangers write to the handles, so the next acquire makes new primitives.
  void give_away() {
    books_.enter("chime:give_away");
    for (club& c : clubs_) {
      if (!c.options.native) continue;
      for (wait& w : c.waits) {
        write_eight(w.ev.native_signal().value());
        w.submit();
      }
    }
    poll_until_over();
    for (club& c : clubs_) {
      if (!c.options.native) continue;
      for (wait& w : c.waits) {
        books_.expect(w.succeeded(), "what a stranger signalled did not complete");
        --books_.consumed;  // no ticket's signal
        w.ev.reset();
      }
    }
    books_.enter("chime:replace");
    for (club& c : clubs_) {
      if (!c.options.native) continue;
      for (wait& w : c.waits) w.ev = std::move(*insist([&] { return c.pool.acquire(); }));
    }
  }

  void trim() {
    books_.enter("chime:trim");
    for (club& c : clubs_) {
      for (wait& w : c.waits) w.ev.reset();
      c.pool.trim();
    }
    acquire_all("chime:remake");
    wait_for_earlier_signals();
  }

  void close() {
    books_.enter("chime:close_pools");
    for (club& c : clubs_) {
      for (wait& w : c.waits) w.ev.reset();
      books_.expect(c.pool.close() == 0, "events are out of a pool");
    }
    books_.expect(blocking_.close() == 0, "an event is out of the pool without a loop");
    books_.enter("chime:close_loop");
    (void)insist([&] { return loop_.close(); });
  }

  /// Once more, inside another loop: it sleeps on the handle, by a call that the library does not make. (poll cannot.)
  void be_a_guest() {
    books_.enter("chime:open_guest");
    (void)insist([&] {
      return loop_.open({.backend = options_.backend, .spin = 0ns, .guest = true, .memory = options_.memory});
    });
    books_.enter("chime:bind_guest");
    (void)insist([&] { return loop_.guest_poll(); });
    books_.enter("chime:open_guests_pools");
    for (club& c : clubs_) (void)insist([&] { return c.pool.open(loop_, c.options); });
    acquire_all("chime:guests_acquire");
    books_.enter("chime:guest");
    take_tickets();
    for (club& c : clubs_) {
      for (wait& w : c.waits) w.submit();
    }
    const auto before = loop_.stats().sleeps;
    auto job = [&] {
      while (loop_.stats().sleeps == before) rest();
      for (const club& c : clubs_) {
        for (const chime::ticket& t : c.tickets) wait::signal(books_, t);
      }
    };
    assistant_.start(job);
    host_until_over();
    assistant_.finish();
    expect_all_signalled();
    close();
  }

  /// Whether every wait is over; those that were refused are submitted again.
  [[nodiscard]] bool all_over() {
    bool over = true;
    for (club& c : clubs_) {
      for (wait& w : c.waits) {
        if (w.refused()) w.again();
        over = over && w.over();
      }
    }
    return over;
  }
  void host_until_over() {
    for (;;) {
      const auto next = loop_.guest_poll();
      if (!next) books_.reported(next.error());
      if (all_over()) break;
      if (!next || *next == chime::time_point::min()) continue;
      fd_set readable;
      FD_ZERO(&readable);
      FD_SET(static_cast<int>(loop_.handle()), &readable);
      timeval soon{.tv_sec = 0, .tv_usec = 1000};
      const bool for_ever = *next == chime::never;  // else only work that found no room has a time here
      (void)::select(static_cast<int>(loop_.handle()) + 1, &readable, nullptr, nullptr, for_ever ? nullptr : &soon);
    }
    // What failed beside the last completions is told by the next call.
    if (const auto last = loop_.guest_poll(); !last) books_.reported(last.error());
  }

  const scenario_options& options_;
  ledger& books_;
  scenery scenery_;
  imports imports_;
  chime::proactor loop_;
  std::deque<club> clubs_;
  std::deque<task> tasks_;
  chime::event_pool blocking_;
  assistant assistant_;
};

}  // namespace

std::string run_scenario(const scenario_options& options, ledger& books) { return scenario(options, books).run(); }

}  // namespace faults
