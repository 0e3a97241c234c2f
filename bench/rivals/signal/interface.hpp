// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What every rival of the signal cases offers: N slots, each with one waitable thing. A template, so that neither side
/// of the comparison pays for a virtual call.
///
///     template <class Handler>                     // called with a slot, inside poll
///     class some_loop {
///       static constexpr const char* name;
///       some_loop(layout, Handler&);               // any thread
///       void open();                               // polling thread: what must be made there
///       void arm(unsigned slot);                   // polling thread, also inside the handler
///       void poll(bool may_block);                 // polling thread
///       void close();                              // polling thread: every slot is armed, no signal under way
///       class producer {                           // one for each thread that signals
///         producer(some_loop&, unsigned index);
///         void signal(unsigned slot);              // an armed slot
///       };
///     };
#pragma once

#include <cerrno>
#include <concepts>
#include <system_error>

namespace chime::bench {

/// Which producer signals which slots: producer p has the slots from p * slots_each on.
struct layout {
  unsigned producers = 1;
  unsigned slots_each = 64;
  [[nodiscard]] unsigned total() const { return producers * slots_each; }
  [[nodiscard]] unsigned first_of(unsigned producer) const { return producer * slots_each; }
  [[nodiscard]] unsigned producer_of(unsigned slot) const { return slot / slots_each; }
};

/// The value of a system call, or its error as an exception.
template <std::signed_integral T>
T checked(T value, const char* call) {
  if (value < 0) throw std::system_error(errno, std::system_category(), call);
  return value;
}

/// The same for functions that return the negated code.
inline int checked_code(int value, const char* call) {
  if (value < 0) throw std::system_error(-value, std::system_category(), call);
  return value;
}

}  // namespace chime::bench
