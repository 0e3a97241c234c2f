// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// chime as a guest of standalone asio, beside asio's own way: one event for each slot, waited for again by its own handler,
/// as in chime.hpp. Opened as users open it: the backend is epoll.
///
/// While a guest expects more it queues a turn from a turn, so that the context never runs out of handlers: a poll runs one.
#pragma once

#include <chime/asio.hpp>
#include <chime/chime.hpp>
#include <optional>
#include <system_error>
#include <vector>

#include "rivals/signal/asio.hpp"
#include "rivals/signal/event_slots.hpp"

namespace chime::bench {

template <class Handler>
class asio_guest_loop {
 public:
  static constexpr const char* name = "chime-in-asio";

  asio_guest_loop(layout l, Handler& handler) : handler_(handler), events_(l.total()) {
    checked(loop_.open({.guest = true}), "proactor::open");
    checked(pool_.open(loop_, {.initial_capacity = l.total()}), "event_pool::open");
    guest_.emplace(context_.get_executor(), loop_);
    for (event& ev : events_) {
      ev = checked(pool_.acquire(), "event_pool::acquire");
      tickets_.push_back(ev.get_ticket());
    }
  }
  void open() {}
  void arm(unsigned slot) {
    guest_->async_wait(events_[slot], [this, slot](std::error_code error) { completed(slot, error); });
  }
  void poll(bool may_block) {
    if (may_block) {
      context_.run_one();
    } else {
      context_.poll_one();
    }
  }
  void close() {
    pool_.cancel_all();
    context_.run();
    events_.clear();
    guest_.reset();
  }

  struct producer : ticket_producer {
    producer(asio_guest_loop& loop, unsigned) : ticket_producer(loop.tickets_) {}
  };

 private:
  void completed(unsigned slot, std::error_code error) {
    if (error == ::asio::error::operation_aborted) return;
    if (error) throw std::system_error(error, "wait for an event");
    handler_(slot);
  }

  Handler& handler_;
  ::asio::io_context context_{1};
  proactor loop_;
  event_pool pool_;
  std::optional<asio_guest> guest_;
  std::vector<event> events_;
  std::vector<ticket> tickets_;
};

}  // namespace chime::bench
