// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// A marker for objects that are freed while others may still hold a pointer: freeing is a write, using is a read.
#pragma once

#include "explorer/execution.hpp"

namespace chime::explore {

/// Give the object under test one of these and leave its memory alone: the model calls end() where the product frees.
class lifetime {
 public:
  /// The name is for messages; the text is not copied.
  explicit lifetime(const char* name = "an object") noexcept {
    // Not in the initialiser: g++ 12 warns of the address of something that is not initialised yet.
    number_ = execution::current().values().make_cell(this);
    execution::current().values().name_cell(number_, name);
  }
  lifetime(const lifetime&) = delete;
  lifetime& operator=(const lifetime&) = delete;
  ~lifetime() { end(); }

  /// Fails after end(), and if nothing orders this use before a later end().
  void use() const noexcept { (void)execution::current().values().read_cell(number_, this); }
  void end() noexcept {
    if (execution::under_way()) execution::current().values().drop_cell(number_, this);
  }
  [[nodiscard]] number explored_number() const noexcept { return number_; }

 private:
  number number_ = 0;
};

}  // namespace chime::explore
