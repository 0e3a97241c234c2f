// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// Which connections there are, so that they can be counted, and ended.
#pragma once

#include <cstddef>
#include <functional>
#include <unordered_set>

namespace http_offload {

/// What can be told to a connection.
class connection {
 public:
  connection() = default;
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  /// Ends it if it is between two requests. Else its next answer is its last (connections::draining).
  virtual void drain() = 0;
  /// Ends it now.
  virtual void cut() = 0;

 protected:
  ~connection() = default;
};

/// Used on the loop's thread.
class connections {
 public:
  /// As long as this lives, the connection is one of them.
  class membership {
   public:
    membership(connections& all, connection& one) : all_(all), one_(one) { all_.members_.insert(&one_); }
    membership(const membership&) = delete;
    membership& operator=(const membership&) = delete;
    ~membership() {
      all_.members_.erase(&one_);
      all_.tell_if_over();
    }

   private:
    connections& all_;
    connection& one_;
  };

  [[nodiscard]] std::size_t size() const { return members_.size(); }
  [[nodiscard]] bool draining() const { return draining_; }

  /// From now on connections end; `over` is called when none is left, perhaps at once.
  void drain(std::function<void()> over) {
    draining_ = true;
    over_ = std::move(over);
    for (connection* one : members_) one->drain();
    tell_if_over();
  }
  void cut() {
    for (connection* one : members_) one->cut();
  }

 private:
  void tell_if_over() {
    if (draining_ && members_.empty()) over_();
  }

  std::unordered_set<connection*> members_;
  std::function<void()> over_;
  bool draining_ = false;
};

}  // namespace http_offload
