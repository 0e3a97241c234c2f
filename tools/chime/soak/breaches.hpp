// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Where the soak's threads tell what must not happen.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace chime::soak {

/// Any thread. After the first breach everybody stops: what comes later may be its consequence.
class breaches {
 public:
  void add(std::string what) {
    const std::scoped_lock lock{mutex_};
    if (told_.size() < most) told_.push_back(std::move(what));
    any_.store(true, std::memory_order_release);
  }
  [[nodiscard]] bool any() const noexcept { return any_.load(std::memory_order_acquire); }
  [[nodiscard]] std::vector<std::string> told() const {
    const std::scoped_lock lock{mutex_};
    return told_;
  }

 private:
  static constexpr std::size_t most = 16;
  mutable std::mutex mutex_;
  std::vector<std::string> told_;
  std::atomic<bool> any_ = false;
};

}  // namespace chime::soak
