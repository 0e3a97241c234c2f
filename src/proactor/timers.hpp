// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The loop's deadlines, ordered by time: an intrusive tree, so that a deadline costs no memory beyond the waiter and
/// no operation is worse than O(log n). Touched by the polling thread alone.
#pragma once

#include <boost/intrusive/set.hpp>

#include "event/cell.hpp"

namespace chime {
inline namespace v1 {
namespace detail {

class timer_tree {
 public:
  /// O(1) if it is the latest so far, as it mostly is with equal timeouts; else O(log n).
  void insert(waiter& w) noexcept { tree_.insert(tree_.end(), w); }
  /// Nothing if it is not in. O(1) amortised.
  void remove(waiter& w) noexcept {
    if (w.timer.is_linked()) tree_.erase(tree_.iterator_to(w));
  }
  [[nodiscard]] bool empty() const noexcept { return tree_.empty(); }
  /// Of a tree that is not empty.
  [[nodiscard]] waiter& earliest() noexcept { return *tree_.begin(); }
  [[nodiscard]] time_point next() const noexcept { return tree_.empty() ? never : tree_.begin()->deadline.get(); }

 private:
  struct earlier {
    bool operator()(const waiter& a, const waiter& b) const noexcept { return a.deadline.get() < b.deadline.get(); }
  };
  boost::intrusive::multiset<waiter, boost::intrusive::member_hook<waiter, timer_hook, &waiter::timer>,
                             boost::intrusive::compare<earlier>, boost::intrusive::constant_time_size<false>>
      tree_;
};

}  // namespace detail
}  // namespace v1
}  // namespace chime
