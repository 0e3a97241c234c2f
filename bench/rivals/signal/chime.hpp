// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// chime itself: one event for each slot, submitted again by its own completion.
#pragma once

#include <chrono>
#include <string_view>

#include "rivals/signal/event_slots.hpp"

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

  chime_loop_of(layout l, Handler& handler) : parts_(l.total()), slots_(parts_.pool, l, handler) {}
  void open() {}
  void arm(unsigned slot) { slots_.arm(slot); }
  void poll(bool may_block) { parts_.poll(may_block); }
  void close() {
    slots_.cancel_all([this] { parts_.poll(true); });
  }

  struct producer : ticket_producer {
    producer(chime_loop_of& loop, unsigned) : ticket_producer(loop.slots_.tickets()) {}
  };

 private:
  chime_parts<Kind> parts_;
  event_slots<Handler> slots_;
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
