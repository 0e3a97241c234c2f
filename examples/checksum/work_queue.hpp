// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A bounded queue between the loop and the workers: a ring under a mutex, nothing clever.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stop_token>
#include <utility>
#include <vector>

namespace checksum {

template <class T>
class work_queue {
 public:
  explicit work_queue(std::size_t capacity) : ring_(capacity) {}

  /// Waits for a free place.
  void push(T item) {
    {
      std::unique_lock lock{mutex_};
      not_full_.wait(lock, [this] { return size_ < ring_.size(); });
      ring_[(first_ + size_++) % ring_.size()] = std::move(item);
    }
    not_empty_.notify_one();
  }

  /// Waits for an item. T{}: a stop was requested, and the queue is empty.
  T pop(const std::stop_token& stop) {
    T item{};
    {
      std::unique_lock lock{mutex_};
      if (!not_empty_.wait(lock, stop, [this] { return size_ != 0; })) return item;
      item = std::move(ring_[first_]);
      first_ = (first_ + 1) % ring_.size();
      --size_;
    }
    not_full_.notify_one();
    return item;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any not_empty_;
  std::condition_variable not_full_;
  std::vector<T> ring_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace checksum
