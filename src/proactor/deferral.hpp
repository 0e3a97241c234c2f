// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// What is put off to the end of a poll: so that what callbacks do one by one (returning events) is published to other
/// threads once. The polling thread's alone.
#pragma once

#include "chime/config.hpp"

namespace chime {
inline namespace CHIME_ABI {
namespace detail {

/// Embedded in whatever has something to publish.
struct deferral {
  void (*run)(void* context) noexcept = nullptr;
  void* context = nullptr;
  deferral* next = nullptr;
  deferral* previous = nullptr;
  bool put_off = false;  ///< it is in the loop's list
};

class deferral_list {
 public:
  void add(deferral& d) noexcept {
    if (d.put_off) return;
    d.put_off = true;
    d.previous = nullptr;
    d.next = first_;
    if (first_ != nullptr) first_->previous = &d;
    first_ = &d;
  }
  /// Runs it now. It leaves the list before, because with what it publishes its memory may go.
  void run(deferral& d) noexcept {
    remove(d);
    d.run(d.context);
  }
  void run_all() noexcept {
    while (first_ != nullptr) run(*first_);
  }

 private:
  void remove(deferral& d) noexcept {
    if (!d.put_off) return;
    d.put_off = false;
    (d.previous != nullptr ? d.previous->next : first_) = d.next;
    if (d.next != nullptr) d.next->previous = d.previous;
  }

  deferral* first_ = nullptr;
};

}  // namespace detail
}  // namespace CHIME_ABI
}  // namespace chime
