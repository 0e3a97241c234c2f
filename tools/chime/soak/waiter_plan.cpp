// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "waiter_plan.hpp"

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

namespace chime::soak {
namespace {

constexpr unsigned native_one_in = 64;

/// The plan, while it is drawn.
class drawing {
 public:
  explicit drawing(std::mt19937_64& random) : random_(random) {}
  [[nodiscard]] waiter_plan draw();

 private:
  [[nodiscard]] unsigned below(unsigned bound) { return static_cast<unsigned>(random_() % bound); }
  [[nodiscard]] bool one_in(unsigned bound) { return below(bound) == 0; }
  void add(deed what, std::size_t event, bool by_peer) { plan_.deeds[plan_.deed_count++] = {what, event, by_peer}; }
  void draw_signals(bool ends_anyway);

  std::mt19937_64& random_;
  waiter_plan plan_;
};

waiter_plan drawing::draw() {
  plan_.kind = static_cast<wait_kind>(below(3));
  plan_.events = plan_.kind == wait_kind::one ? 1 : 1 + below(waiter_plan::most_events);
  plan_.is_native = one_in(native_one_in);
  plan_.has_deadline = one_in(4);
  plan_.soon = std::chrono::microseconds(below(256));
  plan_.has_token = one_in(2);
  plan_.keeps_awaiter = plan_.has_token && plan_.kind == wait_kind::one && one_in(2);
  plan_.frame_owns = one_in(8);
  const bool stops = plan_.has_token && one_in(2);
  const bool destroys = one_in(4);
  if (stops) add(deed::stop, 0, one_in(2));
  if (destroys) add(deed::destroy, 0, false);
  if (one_in(8)) add(deed::cancel, below(static_cast<unsigned>(plan_.events)), one_in(2));
  if (one_in(2)) add(deed::begin, 0, false);
  draw_signals(plan_.has_deadline || stops || destroys);
  std::ranges::shuffle(std::span{plan_.deeds.data(), plan_.deed_count}, random_);
  return plan_;
}

void drawing::draw_signals(bool ends_anyway) {
  const unsigned every = (1U << plan_.events) - 1;
  unsigned signalled = below(every + 1);
  if (!ends_anyway) {
    if (plan_.kind != wait_kind::any) signalled = every;
    if (signalled == 0) signalled = 1;
  }
  const auto signals = static_cast<unsigned>(std::popcount(signalled));
  plan_.rounds = ends_anyway ? 1 + below(2) : plan_.kind == wait_kind::any ? 1 + below(signals) : 1;
  for (std::size_t i = 0; i < plan_.events; ++i) {
    if ((signalled >> i & 1U) != 0) add(deed::signal, i, one_in(2));
  }
  if (!plan_.frame_owns && (signalled & 1U) != 0 && one_in(8)) {
    plan_.twice = 0;
    add(deed::signal, 0, one_in(2));
  }
}

}  // namespace

bool waiter_plan::has(deed what) const noexcept {
  return std::ranges::find(deeds.begin(), deeds.begin() + deed_count, what, &deed_of::what) !=
         deeds.begin() + deed_count;
}

waiter_plan draw_waiter_plan(std::mt19937_64& random) { return drawing{random}.draw(); }

}  // namespace chime::soak
