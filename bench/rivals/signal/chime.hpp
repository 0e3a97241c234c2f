// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// chime itself: one event for each slot, submitted again by its own completion.
#pragma once

#include <chime/chime.hpp>

#include <chrono>
#include <string_view>
#include <system_error>
#include <vector>

#include "rivals/signal/interface.hpp"

namespace chime::bench {

/// How a subject opens chime.
struct user_space {
  static constexpr const char* name = "chime";
  static constexpr std::string_view backend = "io_uring";
  static constexpr bool native = false;
  static constexpr bool spins = true;
};
struct native_events : user_space {
  static constexpr const char* name = "chime-native";
  static constexpr bool native = true;
};
struct without_spin : user_space {
  static constexpr const char* name = "chime-no-spin";
  static constexpr bool spins = false;
};
struct on_epoll : user_space {
  static constexpr std::string_view backend = "epoll";
};
struct on_poll : user_space {
  static constexpr std::string_view backend = "poll";
};

/// The value, or its error as an exception.
template <class T>
T checked(result<T> value, const char* call) {
  if (!value) throw std::system_error(value.error(), call);
  if constexpr (!std::is_void_v<T>) return std::move(*value);
}

/// A proactor and a pool, opened as `Kind` says.
template <class Kind>
class chime_parts {
 public:
  explicit chime_parts(unsigned events) {
    proactor_options options{.backend = Kind::backend};
    if constexpr (!Kind::spins) stop_spinning(options);
    checked(loop.open(options), "proactor::open");
    checked(pool.open(loop, {.initial_capacity = events, .native = Kind::native}), "event_pool::open");
  }
  void poll(bool may_block) { checked(loop.poll(std::chrono::nanoseconds(may_block ? -1 : 0)), "proactor::poll"); }

  proactor loop;
  event_pool pool;

 private:
  /// A template, since a library without the option does not spin.
  template <class Options>
  static void stop_spinning(Options& options) {
    if constexpr (requires { options.spin; }) options.spin = {};
  }
};

template <class Handler, class Kind>
class chime_loop_of {
 public:
  static constexpr const char* name = Kind::name;

  chime_loop_of(layout l, Handler& handler) : handler_(handler), parts_(l.total()), slots_(l.total()) {
    for (unsigned i = 0; i < slots_.size(); ++i) {
      slot_state& slot = slots_[i];
      slot.owner = this;
      slot.number = i;
      slot.ev = checked(parts_.pool.acquire(), "event_pool::acquire");
      tickets_.push_back(slot.ev.get_ticket());
    }
  }
  void open() {}
  void arm(unsigned slot) { std::move(slots_[slot].ev).submit({completed, &slots_[slot]}); }
  void poll(bool may_block) { parts_.poll(may_block); }
  void close() {
    parts_.pool.cancel_all();
    while (cancelled_ != slots_.size()) parts_.poll(true);
  }

  /// Has the tickets for itself: a signaller need not read what the loop writes.
  class producer {
   public:
    producer(chime_loop_of& loop, unsigned) : tickets_(loop.tickets_) {}
    void signal(unsigned slot) { tickets_[slot].signal(); }

   private:
    std::vector<ticket> tickets_;
  };

 private:
  struct slot_state {
    chime_loop_of* owner = nullptr;
    event ev;
    unsigned number = 0;
  };
  static void completed(void* context, completion&& done) {
    auto& slot = *static_cast<slot_state*>(context);
    if (done.error == errc::cancelled) {
      ++slot.owner->cancelled_;
      return;
    }
    if (done.error) throw std::system_error(done.error, "wait for an event");
    slot.ev = std::move(done.ev);
    slot.owner->handler_(slot.number);
  }

  Handler& handler_;
  chime_parts<Kind> parts_;
  std::vector<slot_state> slots_;
  std::vector<ticket> tickets_;
  std::size_t cancelled_ = 0;
};

template <class Handler>
using chime_loop = chime_loop_of<Handler, user_space>;
template <class Handler>
using chime_native_loop = chime_loop_of<Handler, native_events>;
template <class Handler>
using chime_loop_without_spin = chime_loop_of<Handler, without_spin>;
template <class Handler>
using chime_loop_on_epoll = chime_loop_of<Handler, on_epoll>;
template <class Handler>
using chime_loop_on_poll = chime_loop_of<Handler, on_poll>;

}  // namespace chime::bench
