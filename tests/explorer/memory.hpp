// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The memory of one execution, as C++ allows it to behave.
///
/// 1. An atomic location keeps all its stores in modification order, which is the order of execution. A store carries
///    what a reader that acquires from it learns: the clock of the releasing thread, or nothing.
/// 2. A load may read any store that is not older than one which its thread has seen itself, or which somebody saw or
///    made before (in the sense of happens-before) the load. Reading another store than the latest is a branch.
/// 3. A read-modify-write reads the latest store and carries on what that store carried (the release sequence).
/// 4. A plain cell has one value. Two accesses, at least one of them a write, that no clock orders are a data race.
/// 5. Construction and destruction are plain writes of the whole object.
///
/// Values live here, never in the objects under test, so that an access to a dead object is reported and harmless.
#pragma once

#include "explorer/vector_clock.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace chime::explore {

class execution;

using word = std::uint64_t;    // the bits of an atomic's value
using number = std::uint32_t;  // names a location or a cell within its execution; 0 names none

inline constexpr std::size_t cell_bytes = 32;

/// What locations and cells have in common: an object that lives for a while.
struct object {
  const void* owner = nullptr;
  const char* name = nullptr;
  bool alive = false;
  stamp birth;
};

struct store_record {
  word value = 0;
  vector_clock released;
};

/// A thread saw (read or made) the store of this index at this moment.
struct sighting {
  tick at;
  std::uint16_t index;
};

/// What happened at an atomic location. Made at its first use, since most locations of a page or a ring see none.
struct history {
  number of = 0;
  std::vector<store_record> stores;
  std::array<std::vector<sighting>, max_threads> seen;  // both members of a sighting grow
  std::array<std::uint32_t, max_threads> looked_in{};   // the round of relax() in which a thread last looked here
  vector_clock touched;                                 // the last access of each thread
};

struct location : object {
  word initial = 0;
  number history = 0;  // 0: it was not used yet
};

struct cell : object {
  std::array<std::byte, cell_bytes> value{};
  stamp written;
  vector_clock read;
};

class memory {
 public:
  memory(execution& run, unsigned history_depth) : run_(run), history_depth_(history_depth) {}
  void reset();

  number make_location(const void* owner, word value);
  void drop_location(number n, const void* owner);
  [[nodiscard]] word load(number n, const void* owner, std::memory_order order);
  void store(number n, const void* owner, word value, std::memory_order order);
  /// A read-modify-write in two halves; nothing comes between them.
  [[nodiscard]] word begin_update(number n, const void* owner, std::memory_order order);
  void end_update(number n, word value, std::memory_order order);
  [[nodiscard]] bool compare_exchange(number n, const void* owner, word& expected, word desired,
                                      std::memory_order success, std::memory_order failure, bool weak);
  /// What the kernel would see: the latest value, ordering nothing.
  [[nodiscard]] word latest(number n, const void* owner);

  /// With its value, if there is one: that is a part of the construction.
  number make_cell(const void* owner, const void* value = nullptr, std::size_t size = 0);
  /// From now on the cell is dead; only the first call counts.
  void drop_cell(number n, const void* owner);
  [[nodiscard]] const std::byte* read_cell(number n, const void* owner);
  [[nodiscard]] std::byte* write_cell(number n, const void* owner);

  void name_location(number n, const char* name) { locations_[n - 1].name = name; }
  void name_cell(number n, const char* name) { cells_[n - 1].name = name; }

 private:
  history& enter(number n, const void* owner);
  history& begin_history(location& at, number n);
  cell& enter_cell(number n, const void* owner);
  /// Fails unless the object is alive, and its construction happened before `now`.
  void check_life(const vector_clock& now, const object& it, const char* kind, number n) const {
    if (!it.alive || !now.covers(it.birth)) [[unlikely]]
      is_dead(it, kind, n);
  }
  [[noreturn]] void is_dead(const object& it, const char* kind, number n) const;
  [[nodiscard]] std::size_t oldest_readable(const history& at) const;
  /// Whether the running thread read this location in its last turn of a spin. Stores become visible in finite time, so
  /// it reads the latest now.
  [[nodiscard]] bool must_be_fresh(const history& at) const;
  void look(history& at, std::size_t index, std::memory_order order);
  void append(history& at, word value, std::memory_order order, bool continues);
  void tell(const history& at, const char* what, std::memory_order order, word value, std::size_t age = 0) const;
  [[nodiscard]] std::string label(const object& it, const char* kind, number n) const;

  execution& run_;
  const unsigned history_depth_;
  std::vector<location> locations_;
  std::vector<history> histories_;
  std::vector<cell> cells_;
  std::size_t location_count_ = 0;
  std::size_t history_count_ = 0;
  std::size_t cell_count_ = 0;
};

}  // namespace chime::explore
