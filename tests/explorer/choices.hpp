// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// \file
/// The branches of one execution, in order, and the ways to pick them: depth first, at random, or from a trace. Choice
/// 0 is always the plain one: go on with the running thread, read the latest store. A trace therefore lists only the
/// other choices: "p2s1t1,4:1,0:2" is an execution under the bounds 2, 1 and 1 that takes the plain choice four times,
/// then choice 1, then at once choice 2, and plain choices to the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chime::explore {

/// How often an execution may leave the plain course.
struct bounds {
  unsigned preemptions = 0;
  unsigned stale_reads = 0;
  unsigned time_outs = 0;
};

/// Whether random search takes all alternatives equally often, or the plain one mostly.
enum class odds : std::uint8_t { even, plain_mostly };

class choices {
 public:
  /// Depth first: forgets everything and begins with plain choices.
  void begin_search();
  /// Depth first: backtracks to the last branch with an untried alternative. False when there is none.
  [[nodiscard]] bool next_in_search();
  /// Random: begins another execution.
  void begin_random(std::uint64_t seed);
  /// Replay: begins the execution that the trace describes. False if the text is not a trace.
  [[nodiscard]] bool begin_replay(std::string_view trace, bounds& limits);

  /// One of 0 .. count - 1.
  [[nodiscard]] unsigned choose(unsigned count, odds how);
  /// The execution met other branches than the one it repeats: the model depends on something beside its schedule.
  [[nodiscard]] bool strayed() const { return strayed_; }
  [[nodiscard]] std::string trace(const bounds& limits) const;

 private:
  struct branch {
    std::uint8_t taken;
    std::uint8_t count;  // 0 while a replayed branch has not been reached
  };

  void restart();
  std::uint64_t draw();

  std::vector<branch> branches_;
  std::size_t position_ = 0;
  std::uint64_t random_state_ = 0;
  std::uint64_t rarity_mask_ = 0;
  bool random_ = false;
  bool strayed_ = false;
};

}  // namespace chime::explore
