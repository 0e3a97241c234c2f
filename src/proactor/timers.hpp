// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The loop's deadlines: a hierarchical timing wheel (Varghese and Lauck, 1987). Times are nanoseconds written with digits
/// of six bits. A deadline lies at the level of the highest digit in which it differs from `elapsed_`, in the slot of that
/// digit; when time reaches a slot, its deadlines move to lower levels, and those of level 0 are due. Inserting and
/// removing are O(1), a deadline moves at most once for each level, and none costs memory beyond the waiter. Touched by
/// the polling thread alone.
///
/// Invariants:
/// 1. Every deadline in the wheel is in the slot that place() would give it for the present `elapsed_`, or in `opening_`.
/// 2. No occupied slot begins before `elapsed_`, so the lowest level that is occupied has the earliest deadline.
/// 3. One call moves at most `most_moves` deadlines, however many a slot holds: a million of them make timers late, but
///    never the completions beside them.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <boost/intrusive/list.hpp>
#include <cstdint>

#include "event/cell.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

class timer_wheel {
 public:
  void insert(waiter& w) noexcept {
    // Time may have gone on unseen while there was no deadline; seen now, it saves moves from level to level. Not all of
    // it, so that deadlines that have passed on their way to the loop are still told apart.
    if (size_ == 0) elapsed_ = std::max(elapsed_, ticks(clock::now() - longest_way));
    ++size_;
    place(w);
  }
  /// Nothing if it is not in.
  void remove(waiter& w) noexcept {
    if (!w.timer.is_linked()) return;
    w.timer.unlink();
    --size_;
  }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  /// Removes and returns a waiter whose deadline has come: the earliest, and of equal ones the first that was inserted.
  /// (Deadlines that were earlier than the last call's `now` when they were inserted fire in the order of insertion.)
  /// Null: none has come, or this call has moved enough; next() tells.
  [[nodiscard]] waiter* take_due(time_point now) noexcept {
    const std::uint64_t limit = ticks(now);
    for (unsigned moves = most_moves;;) {
      while (!opening_.empty()) {
        if (moves-- == 0) return nullptr;
        waiter& w = opening_.front();
        opening_.pop_front();
        place(w);
      }
      const slot first = earliest();
      if (first.in == nullptr || first.begin > limit) {
        elapsed_ = std::max(elapsed_, limit);  // invariant 2: nothing that is left begins before
        return nullptr;
      }
      elapsed_ = first.begin;
      if (first.level == 0) {
        waiter& w = first.in->front();
        first.in->pop_front();
        --size_;
        return &w;
      }
      opening_.swap(*first.in);
    }
  }

  /// When to call take_due() again: never before the next deadline, unless its slot holds too many to look through.
  [[nodiscard]] time_point next() noexcept {
    if (!opening_.empty()) return time_point::min();
    const slot first = earliest();
    if (first.in == nullptr) return never;
    time_point soonest = never;
    unsigned looked = 0;
    for (const waiter& w : *first.in) {
      if (++looked > most_looks) return time_point{std::chrono::nanoseconds(first.begin)};
      soonest = std::min(soonest, w.deadline.get());
    }
    return soonest;
  }

 private:
  using list = boost::intrusive::list<waiter, boost::intrusive::member_hook<waiter, timer_hook, &waiter::timer>,
                                      boost::intrusive::constant_time_size<false>>;
  static constexpr unsigned digit_bits = 6;
  static constexpr unsigned slots = 1U << digit_bits;
  static constexpr unsigned levels = 11;  // of six bits each: 63 bits of time, and a few to spare
  static constexpr unsigned most_moves = 1024;
  static constexpr unsigned most_looks = 16;
  static constexpr std::chrono::seconds longest_way{1};  ///< into an empty wheel

  struct slot {
    list* in = nullptr;
    unsigned level = 0;
    std::uint64_t begin = 0;
  };

  [[nodiscard]] static std::uint64_t ticks(time_point t) noexcept {
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(t.time_since_epoch()).count();
    return ns > 0 ? static_cast<std::uint64_t>(ns) : 0;
  }

  void place(waiter& w) noexcept {
    const std::uint64_t when = std::max(ticks(w.deadline.get()), elapsed_);
    const std::uint64_t differs = when ^ elapsed_;
    const unsigned level = differs == 0 ? 0 : (63U - static_cast<unsigned>(std::countl_zero(differs))) / digit_bits;
    const unsigned digit = static_cast<unsigned>(when >> level * digit_bits) % slots;
    occupied_[level] |= 1ULL << digit;
    wheel_[level][digit].push_back(w);
  }

  /// The occupied slot that begins first. Removing leaves a slot's bit behind, which is cleared here.
  [[nodiscard]] slot earliest() noexcept {
    for (unsigned level = 0; level < levels; ++level) {
      while (occupied_[level] != 0) {
        // Bits of slots before the present digit are left over, since time has passed them.
        const auto digit = static_cast<unsigned>(std::countr_zero(occupied_[level]));
        list& in = wheel_[level][digit];
        if (!in.empty()) return {&in, level, begin_of(level, digit)};
        occupied_[level] &= occupied_[level] - 1;
      }
    }
    return {};
  }
  [[nodiscard]] std::uint64_t begin_of(unsigned level, unsigned digit) const noexcept {
    const unsigned shift = level * digit_bits;
    const std::uint64_t below = level + 1 == levels ? ~0ULL : (1ULL << (shift + digit_bits)) - 1;
    return (elapsed_ & ~below) | std::uint64_t{digit} << shift;
  }

  std::uint64_t elapsed_ = 0;
  std::size_t size_ = 0;
  std::array<std::uint64_t, levels> occupied_ = {};
  list opening_;  // of a slot whose time has come: to be placed anew
  std::array<std::array<list, slots>, levels> wheel_;
};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
